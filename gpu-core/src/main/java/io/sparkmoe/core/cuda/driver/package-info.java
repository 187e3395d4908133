/**
 * CUDA's driver API, as much of it as kernels need: devices, the primary context, streams, events, modules, launches,
 * graphs, memory and its pools, errors. The one package that imports JCuda; it knows nothing of what the kernels do.
 *
 * <p>Device addresses and addresses of pinned host memory are plain {@code long}. Any thread may use a context and what
 * was opened from it. What is opened is closed by who opened it; {@code CudaContext.close} names what was forgotten.
 */
@NullMarked
package io.sparkmoe.core.cuda.driver;

import org.jspecify.annotations.NullMarked;
