// moe_post_reorder of 16-bit rows of whole 16 bytes, topk <= 32 (compute capability 9.0). A warp sums one piece of one
// token: it keeps a few rows' pieces on their way to shared memory, in the order of k, and adds up what has come.
#include "include/bulk.cuh"
#include "include/pairs.cuh"
#include "include/reorder_slots.cuh"
#include "include/weights.cuh"

using namespace moe;

namespace {

constexpr unsigned ALL = 0xffffffffu;

// Sums of a lane's VPT vectors in fp32.
template <class T, int VPT>
struct WideSum {
    float sum[VPT * 8] = {};

    __device__ __forceinline__ void add(int j, const uint4& v, float weight) {
        const uint32_t words[4] = {v.x, v.y, v.z, v.w};
#pragma unroll
        for (int i = 0; i < 4; i++) {
            float2 f = T::wide(words[i]);
            sum[j * 8 + 2 * i] = __fmaf_rn(weight, f.x, sum[j * 8 + 2 * i]);
            sum[j * 8 + 2 * i + 1] = __fmaf_rn(weight, f.y, sum[j * 8 + 2 * i + 1]);
        }
    }
    __device__ __forceinline__ uint32_t word(int j, int i, float factor) const {
        return T::narrow(__fmul_rn(sum[j * 8 + 2 * i], factor), __fmul_rn(sum[j * 8 + 2 * i + 1], factor));
    }
};

// The same in 16 bits; the factor is in the weights.
template <class T, int VPT>
struct NarrowSum {
    uint32_t sum[VPT * 4] = {};

    __device__ __forceinline__ void add(int j, const uint4& v, float weight) {
        const uint32_t words[4] = {v.x, v.y, v.z, v.w};
        uint32_t pair = T::narrow(weight, weight);
#pragma unroll
        for (int i = 0; i < 4; i++) {
            sum[j * 4 + i] = T::fma(pair, words[i], sum[j * 4 + i]);
        }
    }
    __device__ __forceinline__ uint32_t word(int j, int i, float) const { return sum[j * 4 + i]; }
};

struct Sums {
    const char* in;
    char* out;
    int row_bytes, topk;
    const float* weights;
    int arithmetic, type;
    float scaling_factor;
};

template <class T, class Sum, int VPT, int STAGES>
__device__ __forceinline__ void sum_bulk(const Sums& p, const Slots& s) {
    constexpr int PIECE = VPT * 512;
    __shared__ __align__(128) char shared[STAGES * PIECE];
    __shared__ uint64_t barriers[STAGES];
    int lane = threadIdx.x, pieces = (p.row_bytes + PIECE - 1) / PIECE;
    int64_t token = blockIdx.x / pieces;
    int piece = static_cast<int>(blockIdx.x - token * pieces);
    int64_t begin = static_cast<int64_t>(piece) * PIECE;
    uint32_t bytes = min(PIECE, p.row_bytes - piece * PIECE);
    Slot slot = slot_at(s, token * p.topk + lane, lane < p.topk);
    float weight = lane < p.topk ? __ldg(p.weights + token * p.topk + lane) : 0.0f;
    unsigned mask = __ballot_sync(ALL, slot.row >= 0);
    int rank = slot.row < 0 ? 1 << 20 : __popc(mask & ((1u << lane) - 1));
    if (lane < STAGES) {
        barrier_init(barriers + lane);
    }
    __syncwarp();
    const char* from = p.in + static_cast<int64_t>(slot.row) * p.row_bytes + begin;
    if (rank < STAGES) {
        bulk_load(shared + rank * PIECE, from, bytes, barriers + rank);
    }
    if (piece == 0) {
        note(s, slot);
    }
    weight = weight_of(weight, p.arithmetic, p.type, p.scaling_factor);
    float factor = mask == 0 ? 1.0f : p.scaling_factor;  // no slot: 0, whatever the factor's sign
    Sum sum;
#pragma unroll 1
    for (int i = 0; mask != 0; mask &= mask - 1, i++) {
        float w = __shfl_sync(ALL, weight, __ffs(mask) - 1);
        int stage = i % STAGES;
        barrier_wait(barriers + stage, i / STAGES & 1);
        const uint4* row = reinterpret_cast<const uint4*>(shared + stage * PIECE) + lane;
#pragma unroll
        for (int j = 0; j < VPT; j++) {
            sum.add(j, row[j * 32], w);  // beyond a short piece: whatever was there, not stored
        }
        __syncwarp();
        if (rank == i + STAGES) {
            bulk_load(shared + stage * PIECE, from, bytes, barriers + stage);
        }
    }
#pragma unroll
    for (int j = 0; j < VPT; j++) {
        if ((j * 32 + lane) * 16 < bytes) {
            __stcs(reinterpret_cast<uint4*>(p.out + token * p.row_bytes + begin) + j * 32 + lane,
                make_uint4(sum.word(j, 0, factor), sum.word(j, 1, factor), sum.word(j, 2, factor), sum.word(j, 3, factor)));
        }
    }
}

}  // namespace

// 32 threads, blocks for tokens * pieces of VPT * 512 bytes.
#define POST_REORDER_BULK(NAME, T, TYPE, SUM, VPT, STAGES)                                                          \
    extern "C" __global__ void __launch_bounds__(32) post_reorder_bulk_##NAME##_v##VPT(const char* in, char* out,   \
            int row_bytes, int topk, const float* weights, int arithmetic, float scaling_factor, MOE_SLOT_PARAMS) { \
        sum_bulk<T, SUM<T, VPT>, VPT, STAGES>(                                                                      \
            Sums{in, out, row_bytes, topk, weights, arithmetic, TYPE, scaling_factor}, MOE_SLOTS);                  \
    }
POST_REORDER_BULK(fp16, Fp16, FP16, WideSum, 7, 4)
POST_REORDER_BULK(fp16, Fp16, FP16, WideSum, 4, 2)
POST_REORDER_BULK(bf16, Bf16, BF16, WideSum, 7, 4)
POST_REORDER_BULK(bf16, Bf16, BF16, WideSum, 4, 2)
POST_REORDER_BULK(fp16_fma, Fp16, FP16, NarrowSum, 7, 4)
POST_REORDER_BULK(bf16_fma, Bf16, BF16, NarrowSum, 7, 4)
