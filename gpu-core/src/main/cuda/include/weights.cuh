// moe_post_reorder's weights and sums. Slots are summed in the order of k.
//   FP32_SUM, W16  one fused multiply-add in fp32 a slot; the sum times routed_scaling_factor at the end. W16: the weight is
//                  rounded to the tensor's 16 bits first.
//   FMA16          the weight rounded to 16 bits, then one 16-bit fused multiply-add a slot (a single rounding, which a
//                  fused multiply-add in fp32 rounded to 16 bits is not).
//   FMA16_SCALED   the same with weight * routed_scaling_factor, rounded again.
#pragma once
#include "tensor.cuh"

namespace moe {

enum Arithmetic { FP32_SUM, W16, FMA16, FMA16_SCALED };

__device__ __forceinline__ float weight_of(float weight, int arithmetic, int type, float scaling_factor) {
    if (arithmetic == FP32_SUM) {
        return weight;
    }
    float rounded = round_to(type, weight);
    return arithmetic == FMA16_SCALED ? round_to(type, __fmul_rn(rounded, scaling_factor)) : rounded;
}

}  // namespace moe
