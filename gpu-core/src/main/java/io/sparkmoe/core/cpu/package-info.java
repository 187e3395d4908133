/** The CPU implementation of the routing contract: the reference, and fast. One class an operator. */
@NullMarked
package io.sparkmoe.core.cpu;

import org.jspecify.annotations.NullMarked;
