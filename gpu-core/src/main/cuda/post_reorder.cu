// moe_post_reorder on every device: the sum of the rows that a token's selected slots name, each times its weight.
//
// post_reorder_any takes all types, hidden sizes, alignments and arithmetics; post_reorder_rows_* 16-bit rows of whole 16
// bytes with sums in fp32, topk <= 32, where there is too little work for post_reorder_bulk.
#include "include/selected.cuh"
#include "include/weights.cuh"

using namespace moe;

namespace {

constexpr unsigned ALL = 0xffffffffu;

// a * b + c in double, rounded so that rounding again to fewer bits gives what one rounding would: where the sum is not
// exact, its last bit is 1. The product of two 16-bit values is exact in double.
__device__ __forceinline__ double sum_to_odd(double product, double c) {
    double sum = __dadd_rn(product, c);
    double other = __dsub_rn(sum, product);
    double error = __dadd_rn(__dsub_rn(product, __dsub_rn(sum, other)), __dsub_rn(c, other));
    long long bits = __double_as_longlong(sum);
    if ((error > 0 || error < 0) && (bits & 1) == 0) {  // the neighbour towards the exact sum is odd
        bits += (error > 0) == (sum > 0) ? 1 : -1;
    }
    return __longlong_as_double(bits);
}

__device__ __forceinline__ float narrow_to_odd(double v) {
    float f = __double2float_rz(v);
    uint32_t bits = __float_as_uint(f);
    bool inexact = static_cast<double>(f) != v && v == v && (bits & 0x7fffffff) != 0x7f800000;
    return __uint_as_float(bits | (inexact ? 1 : 0));
}

// A fused multiply-add of 16-bit values (held as fp32), rounded once.
__device__ __forceinline__ float fma16(int type, float a, float b, float c) {
    if (type == FP16) {
        return __half2float(__hfma(__float2half_rn(a), __float2half_rn(b), __float2half_rn(c)));
    }
    return round_to(BF16, narrow_to_odd(sum_to_odd(__dmul_rn(a, b), c)));
}

template <int N>
__device__ __forceinline__ void sum_piece(const void* in, void* out, int type, int hidden, const Selected& selected,
        int count, int arithmetic, float scaling_factor, int64_t token, int begin, int end) {
    bool in_16_bits = arithmetic >= FMA16;
    for (int h = begin + static_cast<int>(threadIdx.x) * N; h < end; h += static_cast<int>(blockDim.x) * N) {
        Values<N> sum = {};
        for (int k = 0; k < count; k++) {
            Values<N> values;
            values.load(in, type, static_cast<int64_t>(selected.rows[k]) * hidden + h);
            float weight = selected.factors[k];
#pragma unroll
            for (int i = 0; i < N; i++) {
                sum.x[i] = in_16_bits ? fma16(type, weight, values.x[i], sum.x[i])
                                      : __fmaf_rn(weight, values.x[i], sum.x[i]);
            }
        }
        if (arithmetic < FMA16 && count > 0) {  // no slot: 0, whatever the factor's sign
#pragma unroll
            for (int i = 0; i < N; i++) sum.x[i] = __fmul_rn(sum.x[i], scaling_factor);
        }
        sum.store(out, type, token * hidden + h);
    }
}

template <int TYPE>
__device__ __forceinline__ float2 wide(uint32_t v) {
    return make_float2(TYPE == FP16 ? from_half(v & 0xffff) : from_bfloat(v & 0xffff),
        TYPE == FP16 ? from_half(v >> 16) : from_bfloat(v >> 16));
}

template <int TYPE>
__device__ __forceinline__ uint32_t narrow(float low, float high) {
    uint32_t l = TYPE == FP16 ? to_half(low) : to_bfloat(low), h = TYPE == FP16 ? to_half(high) : to_bfloat(high);
    return l | h << 16;
}

// A warp takes 32 * VPT vectors of one token; two rows are on their way at a time.
template <int TYPE>
__device__ __forceinline__ void sum_rows(const uint4* in, uint4* out, int vectors, int tokens, int topk,
        const float* weights, int arithmetic, float scaling_factor, const Slots& s) {
    constexpr int VPT = 2;
    int lane = threadIdx.x & 31, pieces = (vectors + 32 * VPT - 1) / (32 * VPT);
    int64_t warp = (static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x) >> 5, token = warp / pieces;
    int piece = static_cast<int>(warp - token * pieces), at = piece * 32 * VPT + lane;
    if (token >= tokens) {
        return;
    }
    Slot slot = slot_at(s, token * topk + lane, lane < topk);
    float weight = lane < topk ? weight_of(__ldg(weights + token * topk + lane), arithmetic, TYPE, scaling_factor) : 0.0f;
    unsigned mask = __ballot_sync(ALL, slot.row >= 0);
    if (piece == 0) {
        note(s, slot);
    }
    uint4* to = out + token * vectors + at;
    if (mask == 0) {  // 0, whatever the factor's sign
#pragma unroll
        for (int j = 0; j < VPT; j++) {
            if (at + j * 32 < vectors) __stcs(to + j * 32, make_uint4(0, 0, 0, 0));
        }
        return;
    }
    float sum[VPT * 8] = {};
    while (mask != 0) {
        uint4 v[2][VPT];
        float w[2];
        bool second = (mask & (mask - 1)) != 0;
#pragma unroll
        for (int r = 0; r < 2; r++) {
            if (r == 1 && !second) break;
            int k = __ffs(mask) - 1;
            mask &= mask - 1;
            const uint4* from = in + static_cast<int64_t>(__shfl_sync(ALL, slot.row, k)) * vectors + at;
            w[r] = __shfl_sync(ALL, weight, k);
#pragma unroll
            for (int j = 0; j < VPT; j++) {
                v[r][j] = at + j * 32 < vectors ? __ldcs(from + j * 32) : make_uint4(0, 0, 0, 0);
            }
        }
#pragma unroll
        for (int r = 0; r < 2; r++) {
            if (r == 1 && !second) break;
#pragma unroll
            for (int i = 0; i < VPT * 4; i++) {
                const uint4& four = v[r][i / 4];
                float2 f = wide<TYPE>(i % 4 == 0 ? four.x : i % 4 == 1 ? four.y : i % 4 == 2 ? four.z : four.w);
                sum[2 * i] = __fmaf_rn(w[r], f.x, sum[2 * i]);
                sum[2 * i + 1] = __fmaf_rn(w[r], f.y, sum[2 * i + 1]);
            }
        }
    }
#pragma unroll
    for (int j = 0; j < VPT; j++) {
        uint32_t words[4];
#pragma unroll
        for (int i = 0; i < 4; i++) {
            const float* pair = sum + j * 8 + 2 * i;
            words[i] = narrow<TYPE>(__fmul_rn(pair[0], scaling_factor), __fmul_rn(pair[1], scaling_factor));
        }
        if (at + j * 32 < vectors) {
            __stcs(to + j * 32, make_uint4(words[0], words[1], words[2], words[3]));
        }
    }
}

}  // namespace

// Grid tokens * pieces, any number of whole warps; a block takes `piece` values (a multiple of 8) of one token.
// Shared memory 8 * topk.
extern "C" __global__ void __launch_bounds__(256) post_reorder_any(const void* in, void* out, int type, int hidden,
        int piece, int topk, const float* weights, int arithmetic, float scaling_factor, MOE_SLOT_PARAMS) {
    extern __shared__ __align__(16) char shared[];
    int pieces = (hidden - 1) / piece + 1;
    int64_t token = blockIdx.x / pieces;
    int begin = static_cast<int>(blockIdx.x - token * pieces) * piece;
    int end = hidden - begin < piece ? hidden : begin + piece;
    Selected selected(shared, topk);
    int count = selected.gather(MOE_SLOTS, token, topk, begin == 0,
        [&](const Slot&, int64_t at) { return weight_of(__ldg(weights + at), arithmetic, type, scaling_factor); });
    bool vectors = hidden % 8 == 0 && ((reinterpret_cast<uint64_t>(in) | reinterpret_cast<uint64_t>(out)) & 15) == 0;
    if (vectors) {
        sum_piece<8>(in, out, type, hidden, selected, count, arithmetic, scaling_factor, token, begin, end);
    } else {
        sum_piece<1>(in, out, type, hidden, selected, count, arithmetic, scaling_factor, token, begin, end);
    }
}

// Warps for tokens * pieces of 64 vectors, up to 8 a block. arithmetic: the two of fp32.
#define POST_REORDER_ROWS(NAME, TYPE)                                                                      \
    extern "C" __global__ void __launch_bounds__(256) post_reorder_rows_##NAME(const uint4* in,            \
            uint4* out, int vectors, int tokens, int topk, const float* weights, int arithmetic,           \
            float scaling_factor, MOE_SLOT_PARAMS) {                                                       \
        sum_rows<TYPE>(in, out, vectors, tokens, topk, weights, arithmetic, scaling_factor, MOE_SLOTS);    \
    }
POST_REORDER_ROWS(fp16, FP16)
POST_REORDER_ROWS(bf16, BF16)
