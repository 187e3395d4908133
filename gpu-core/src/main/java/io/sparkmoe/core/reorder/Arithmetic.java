package io.sparkmoe.core.reorder;

/**
 * How post_reorder weighs and sums, after the public kernels. Every one goes through the slots in ascending order from +0.
 * The 16-bit ones take fp16 and bf16 only; "16 bits" means the input's type.
 */
public enum Arithmetic {
    /** fp32 weights, fp32 sum, times routed_scaling_factor, one rounding: SGLang's Cutlass and DeepGEMM paths, vLLM. */
    FP32,
    /** As FP32, with the weights rounded to 16 bits first: SGLang's CUDA kernel of 2025-08. */
    W16,
    /** Weights rounded to 16 bits; a slot is one 16-bit fused multiply-add, rounded once: SGLang 2024-12 to 2025-10. */
    FMA16,
    /** As FMA16, with the rounded weight times routed_scaling_factor rounded again: SGLang's DeepEP path. */
    FMA16_SCALED
}
