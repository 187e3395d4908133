/** The front door of the core: which backend runs, and why. */
@NullMarked
package io.sparkmoe.core;

import org.jspecify.annotations.NullMarked;
