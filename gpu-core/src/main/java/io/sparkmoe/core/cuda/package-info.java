/** The routing operators on a CUDA device: one launcher an operator, its stem that of the kernel's .cu file. */
@org.jspecify.annotations.NullMarked
package io.sparkmoe.core.cuda;
