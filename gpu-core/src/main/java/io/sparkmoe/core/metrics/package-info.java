/** The published figures of expert balance as pure functions of counts; each names the engine whose definition it follows. */
@NullMarked
package io.sparkmoe.core.metrics;

import org.jspecify.annotations.NullMarked;
