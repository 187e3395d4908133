// moe_silu_and_mul: gate * sigmoid(gate) * up of each selected row, by what reorder_slots wrote; other rows are zero.
//
// g = round(gate * sigmoid(gate)); r = round(g * up); with scales r = round(r * round(1 / scale)); then the output's type.
// round: to the input's type. A row of the input is gate then up, `hidden` values each.
#include "include/tensor.cuh"

using namespace moe;

namespace {

struct Gates {
    const void* in;
    void* out;
    int in_type, out_type, hidden;
};

__device__ __forceinline__ float exact_silu(float x) {
    double wide = x;
    return __double2float_rn(wide / (1.0 + exp(-wide)));
}

// The CPU computes in double; so does this where fp32, three steps off at most, might be rounded to something else.
// exp(-x) itself would pass fp32 where the result does not vanish yet.
__device__ __forceinline__ float silu(float x, int type) {
    if (type == FP32) {
        return canonical(exact_silu(x));
    }
    float e = expf(-fabsf(x));
    float v = __fmul_rn(x, __fdiv_rn(x < 0 ? e : 1.0f, __fadd_rn(1.0f, e)));
    float low = round_to(type, __fmul_rn(v, 1 - 0x1p-21f)), high = round_to(type, __fmul_rn(v, 1 + 0x1p-21f));
    bool steps_are_coarse = fabsf(v) < 0x1p-120f && x != 0;
    return low == high && !steps_are_coarse ? low : round_to(type, exact_silu(x));
}

template <int N>
__device__ __forceinline__ void
silu_piece(const Gates& g, int64_t row, bool selected, bool scaled, float reciprocal, int begin, int end) {
    for (int h = begin + static_cast<int>(threadIdx.x) * N; h < end; h += static_cast<int>(blockDim.x) * N) {
        Values<N> gate = {};
        if (selected) {
            Values<N> up;
            gate.load(g.in, g.in_type, row * 2 * g.hidden + h);
            up.load(g.in, g.in_type, row * 2 * g.hidden + g.hidden + h);
#pragma unroll
            for (int i = 0; i < N; i++) {
                float r = round_to(g.in_type, __fmul_rn(silu(gate.x[i], g.in_type), up.x[i]));
                gate.x[i] = scaled ? round_to(g.in_type, __fmul_rn(r, reciprocal)) : r;
            }
        }
        gate.store(g.out, g.out_type, row * g.hidden + h);
    }
}

}  // namespace

// Grid rows * pieces, any number of whole warps; a block takes `piece` output values (a multiple of 8) of one row.
// selected: int32 [rows], -1 where the row is not selected; reciprocals: fp32 [rows], or null.
extern "C" __global__ void __launch_bounds__(256) silu_and_mul(const void* in, int in_type, void* out, int out_type,
        int hidden, int piece, const int* selected, const float* reciprocals) {
    Gates g{in, out, in_type, out_type, hidden};
    int pieces = (hidden - 1) / piece + 1;
    int64_t row = blockIdx.x / pieces;
    int begin = static_cast<int>(blockIdx.x - row * pieces) * piece;
    int end = hidden - begin < piece ? hidden : begin + piece;
    bool chosen = __ldg(selected + row) >= 0;
    float reciprocal = reciprocals == nullptr ? 1.0f : round_to(in_type, __ldg(reciprocals + row));
    if (hidden % 8 == 0 && ((reinterpret_cast<uint64_t>(in) | reinterpret_cast<uint64_t>(out)) & 15) == 0) {
        silu_piece<8>(g, row, chosen, reciprocals != nullptr, reciprocal, begin, end);
    } else {
        silu_piece<1>(g, row, chosen, reciprocals != nullptr, reciprocal, begin, end);
    }
}
