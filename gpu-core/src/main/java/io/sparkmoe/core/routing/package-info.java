/**
 * The contract: routing batches in Arrow layout, the operators over them, their options, results and errors.
 *
 * <p>Imports Arrow and the JDK only. Implementations live in {@code cpu} and {@code cuda}; every one gives the same bytes.
 */
@NullMarked
package io.sparkmoe.core.routing;

import org.jspecify.annotations.NullMarked;
