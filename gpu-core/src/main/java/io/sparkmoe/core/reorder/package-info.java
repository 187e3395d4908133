/**
 * The contract of the reorder operators: activations as tensors of many segments, the options, results and errors of
 * pre_reorder, silu_and_mul, post_reorder and top-k, and the number formats they are defined in.
 *
 * <p>Imports Arrow, the JDK and {@code routing} only. Implementations live in {@code cpu} and {@code cuda}.
 */
@NullMarked
package io.sparkmoe.core.reorder;

import org.jspecify.annotations.NullMarked;
