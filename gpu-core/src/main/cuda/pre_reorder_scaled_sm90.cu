// moe_pre_reorder of 16-bit rows with scales, topk <= 32 (compute capability 9.0): a piece of a token's row is loaded once
// and stored for every selected slot, each times its own reciprocal. Rows are of whole 16 bytes on both sides.
//
//   pre_reorder_scaled_*   to the same type: through registers.
//   pre_reorder_scaled8_*  to fp8: a copy a selected slot in shared memory, stored in bulk.
#include "include/bulk.cuh"
#include "include/pairs.cuh"
#include "include/reorder_slots.cuh"

using namespace moe;

namespace {

constexpr unsigned ALL = 0xffffffffu;
constexpr int BLOCK_VECTORS = 7;  // of 16 bytes, a thread

__device__ __forceinline__ uint4 load_once(const uint4* from) {
    uint4 v;
    asm volatile("ld.global.nc.L1::no_allocate.v4.u32 {%0, %1, %2, %3}, [%4];"
                 : "=r"(v.x), "=r"(v.y), "=r"(v.z), "=r"(v.w)
                 : "l"(from));
    return v;
}

// A warp takes 32 * VPT vectors of one token. WHOLE: there are no fewer anywhere.
template <class T, int VPT, bool WHOLE>
__device__ __forceinline__ void scaled_vectors(
        const uint4* in, uint4* out, int vectors, int tokens, int topk, const Slots& s, const Scales& scales) {
    int lane = threadIdx.x & 31;
    int pieces = (vectors + 32 * VPT - 1) / (32 * VPT);
    int64_t warp = (static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x) >> 5;
    int64_t token = warp / pieces;
    int piece = static_cast<int>(warp - token * pieces);
    if (token >= tokens) {
        return;
    }
    Slot slot = slot_at(s, token * topk + lane, lane < topk);
    unsigned mask = __ballot_sync(ALL, slot.row >= 0);
    int at = piece * 32 * VPT + lane;
    uint4 v[VPT];
    float reciprocal = 1.0f;
    if (mask != 0) {
#pragma unroll
        for (int j = 0; j < VPT; j++) {
            if (WHOLE || at + j * 32 < vectors) v[j] = load_once(in + token * vectors + at + j * 32);
        }
    }
    if (slot.row >= 0) {
        reciprocal = reciprocal_of(scales, s, slot, token * topk + lane, token);
    }
    if (piece == 0) {
        note(s, slot);
    }
    for (; mask != 0; mask &= mask - 1) {
        int k = __ffs(mask) - 1;
        int row = __shfl_sync(ALL, slot.row, k);
        float r = __shfl_sync(ALL, reciprocal, k);
        uint4* to = out + static_cast<int64_t>(row) * vectors + at;
#pragma unroll
        for (int j = 0; j < VPT; j++) {
            if (WHOLE || at + j * 32 < vectors) {
                __stcs(to + j * 32,
                    make_uint4(scaled_pair<T>(v[j].x, r), scaled_pair<T>(v[j].y, r), scaled_pair<T>(v[j].z, r),
                        scaled_pair<T>(v[j].w, r)));
            }
        }
    }
}

// A block takes blockDim.x * BLOCK_VECTORS vectors of one token; shared memory: 8 * that for each of topk slots.
template <class T>
__device__ __forceinline__ void scaled_to_fp8(
        const uint4* in, char* out, int vectors, int topk, bool evict_first, const Slots& s, const Scales& scales) {
    extern __shared__ __align__(128) char shared[];
    int lane = threadIdx.x & 31, span = blockDim.x * BLOCK_VECTORS, pieces = (vectors + span - 1) / span;
    int64_t token = blockIdx.x / pieces;
    int piece = static_cast<int>(blockIdx.x - token * pieces);
    Slot slot = slot_at(s, token * topk + lane, lane < topk);
    unsigned mask = __ballot_sync(ALL, slot.row >= 0);
    if (piece == 0 && threadIdx.x < 32) {
        note(s, slot);
    }
    if (mask == 0) {
        return;
    }
    int at = piece * span + threadIdx.x, count = min(span, vectors - piece * span);
    uint4 v[BLOCK_VECTORS];
#pragma unroll
    for (int j = 0; j < BLOCK_VECTORS; j++) {
        int i = at + j * static_cast<int>(blockDim.x);
        if (i < vectors) v[j] = load_once(in + token * vectors + i);
    }
    float reciprocal = slot.row < 0 ? 1.0f : reciprocal_of(scales, s, slot, token * topk + lane, token);
    bool alike = scales.mode == PER_TOKEN || scales.mode == ONE_SCALE;
    int copy = 0;
    for (unsigned rest = mask; rest != 0; rest = alike ? 0 : rest & (rest - 1), copy++) {
        float r = __shfl_sync(ALL, reciprocal, __ffs(rest) - 1);
        uint2* to = reinterpret_cast<uint2*>(shared) + static_cast<int64_t>(copy) * span + threadIdx.x;
#pragma unroll
        for (int j = 0; j < BLOCK_VECTORS; j++) {
            to[j * blockDim.x] = make_uint2(scaled_fp8<T>(v[j].x, r) | scaled_fp8<T>(v[j].y, r) << 16,
                scaled_fp8<T>(v[j].z, r) | scaled_fp8<T>(v[j].w, r) << 16);
        }
    }
    bulk_fence();
    __syncthreads();
    if (threadIdx.x < 32 && slot.row >= 0) {
        copy = alike ? 0 : __popc(mask & ((1u << lane) - 1));
        char* to = out + static_cast<int64_t>(slot.row) * vectors * 8 + static_cast<int64_t>(piece) * span * 8;
        bulk_store(to, shared + static_cast<int64_t>(copy) * span * 8, count * 8, store_policy(evict_first));
        bulk_stores_read();
    }
}

}  // namespace

// Warps for tokens * pieces of 32 * VPT vectors; v4: up to 8 a block; v14: up to 2, rows of whole pieces.
#define PRE_REORDER_SCALED(NAME, T, VPT, WHOLE, THREADS, BLOCKS)                                                  \
    extern "C" __global__ void __launch_bounds__(THREADS, BLOCKS) pre_reorder_scaled_##NAME##_v##VPT(             \
            const uint4* in, uint4* out, int vectors, int tokens, int topk, MOE_SLOT_PARAMS, MOE_SCALE_PARAMS) {  \
        scaled_vectors<T, VPT, WHOLE>(in, out, vectors, tokens, topk, MOE_SLOTS, MOE_SCALES);                     \
    }
PRE_REORDER_SCALED(fp16, Fp16, 4, false, 256, 4)
PRE_REORDER_SCALED(bf16, Bf16, 4, false, 256, 4)
PRE_REORDER_SCALED(fp16, Fp16, 14, true, 64, 8)
PRE_REORDER_SCALED(bf16, Bf16, 14, true, 64, 8)

// 1 or 2 warps a block, blocks for tokens * pieces of blockDim.x * 7 vectors.
#define PRE_REORDER_SCALED8(NAME, T)                                                                      \
    extern "C" __global__ void __launch_bounds__(64) pre_reorder_scaled8_##NAME(const uint4* in,          \
            char* out, int vectors, int topk, int evict_first, MOE_SLOT_PARAMS, MOE_SCALE_PARAMS) {       \
        scaled_to_fp8<T>(in, out, vectors, topk, evict_first != 0, MOE_SLOTS, MOE_SCALES);                \
    }
PRE_REORDER_SCALED8(fp16, Fp16)
PRE_REORDER_SCALED8(bf16, Bf16)
