// moe_pre_reorder of 16-bit rows of whole 16 bytes, topk <= 32 (compute capability 9.0). Each loads a piece of a token's
// row once and stores it for every selected slot.
//
// Which is fastest depends on how much is stored for what is read:
//   pre_reorder_bulk       same type, no scale (any type). Many warps a block, so that one block fills a multiprocessor,
//                          where most slots are selected: it reads for a while, then writes for a while. Else one warp.
//   pre_reorder_fp8_*      16 bits to fp8, no scale: converted once, in shared memory.
//   pre_reorder_scaled_*   16 bits to the same type, a scale: through registers.
//   pre_reorder_scaled8_*  16 bits to fp8, a scale: a copy a selected slot in shared memory, stored in bulk.
#include "include/bulk.cuh"
#include "include/pairs.cuh"
#include "include/reorder_slots.cuh"

using namespace moe;

namespace {

constexpr unsigned ALL = 0xffffffffu;
constexpr int GROUP = 4;  // most tokens of a warp
constexpr int MOST_WARPS = 16;

// A warp's tokens, and its piece of their rows.
struct Piece {
    int tokens, topk, group;  // group: tokens of a warp; group * topk <= 32
    int row_bytes, piece_bytes, pieces;

    __device__ __forceinline__ int64_t warp() const {
        return static_cast<int64_t>(blockIdx.x) * (blockDim.x >> 5) + (threadIdx.x >> 5);
    }
    __device__ __forceinline__ uint32_t bytes(int piece) const { return min(piece_bytes, row_bytes - piece * piece_bytes); }
};

struct NoConversion {
    static constexpr int SHRINK = 1;
    __device__ __forceinline__ void operator()(char*, uint32_t, int) const {}
};

// In place: a lane holds its part of the piece in registers while the others read theirs.
template <class T>
struct ToFp8 {
    static constexpr int SHRINK = 2;
    static constexpr int VECTORS = 7;  // a piece is up to 3,584 bytes
    __device__ __forceinline__ void operator()(char* piece, uint32_t bytes, int lane) const {
        uint2 packed[VECTORS];
#pragma unroll
        for (int j = 0; j < VECTORS; j++) {
            uint32_t at = (j * 32 + lane) * 16;
            if (at < bytes) {
                uint4 v = *reinterpret_cast<const uint4*>(piece + at);
                packed[j] = make_uint2(T::fp8(v.x) | T::fp8(v.y) << 16, T::fp8(v.z) | T::fp8(v.w) << 16);
            }
        }
        __syncwarp();
#pragma unroll
        for (int j = 0; j < VECTORS; j++) {
            uint32_t at = (j * 32 + lane) * 16;
            if (at < bytes) *reinterpret_cast<uint2*>(piece + at / 2) = packed[j];
        }
    }
};

template <class C>
__device__ __forceinline__ void
through_shared(const char* in, char* out, const Piece& p, bool evict_first, const Slots& s, C convert) {
    extern __shared__ __align__(128) char shared[];
    __shared__ uint64_t barriers[MOST_WARPS * GROUP];
    int lane = threadIdx.x & 31;
    int64_t warp = p.warp(), first_token = warp / p.pieces * p.group;
    int piece = static_cast<int>(warp % p.pieces);
    if (first_token >= p.tokens) {
        return;
    }
    uint64_t* barrier = barriers + (threadIdx.x >> 5) * GROUP;
    if (lane < p.group) {
        barrier_init(barrier + lane);
    }
    int of_group = lane / p.topk;
    Slot slot = slot_at(s, first_token * p.topk + lane, of_group < p.group && first_token + of_group < p.tokens);
    unsigned mask = __ballot_sync(ALL, slot.row >= 0);
    unsigned of_token = p.topk == 32 ? ALL : (1u << p.topk) - 1;
    char* mine = shared + static_cast<int64_t>(threadIdx.x >> 5) * p.group * p.piece_bytes;
    uint32_t bytes = p.bytes(piece);
    int64_t begin = static_cast<int64_t>(piece) * p.piece_bytes;
    __syncwarp();
    if (lane < p.group && (mask >> (lane * p.topk) & of_token) != 0) {
        bulk_load(mine + lane * p.piece_bytes, in + (first_token + lane) * p.row_bytes + begin, bytes, barrier + lane);
    }
    if (piece == 0) {
        note(s, slot);
    }
    __syncwarp();
    if (C::SHRINK > 1) {
        for (int t = 0; t < p.group; t++) {
            if ((mask >> (t * p.topk) & of_token) != 0) {
                barrier_wait(barrier + t, 0);
                convert(mine + t * p.piece_bytes, bytes, lane);
            }
        }
        bulk_fence();
        __syncwarp();
    }
    if (slot.row >= 0) {
        if (C::SHRINK == 1) barrier_wait(barrier + of_group, 0);
        char* to = out + static_cast<int64_t>(slot.row) * (p.row_bytes / C::SHRINK) + begin / C::SHRINK;
        bulk_store(to, mine + of_group * p.piece_bytes, bytes / C::SHRINK, store_policy(evict_first));
        bulk_stores_read();
    }
}

// A warp takes 32 * VPT vectors of one token.
template <class T, int VPT>
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
            if (at + j * 32 < vectors) {
                asm volatile("ld.global.nc.L1::no_allocate.v4.u32 {%0, %1, %2, %3}, [%4];"
                             : "=r"(v[j].x), "=r"(v[j].y), "=r"(v[j].z), "=r"(v[j].w)
                             : "l"(in + token * vectors + at + j * 32));
            }
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
            if (at + j * 32 < vectors) {
                __stcs(to + j * 32,
                    make_uint4(scaled_pair<T>(v[j].x, r), scaled_pair<T>(v[j].y, r), scaled_pair<T>(v[j].z, r),
                        scaled_pair<T>(v[j].w, r)));
            }
        }
    }
}

// A block takes blockDim.x * VPT vectors of one token; shared memory: 8 * that for each of topk slots.
template <class T, int VPT>
__device__ __forceinline__ void scaled_to_fp8(
    const uint4* in, char* out, int vectors, int topk, bool evict_first, const Slots& s, const Scales& scales) {
    extern __shared__ __align__(128) char shared[];
    int lane = threadIdx.x & 31, span = blockDim.x * VPT, pieces = (vectors + span - 1) / span;
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
    uint4 v[VPT];
#pragma unroll
    for (int j = 0; j < VPT; j++) {
        int i = at + j * static_cast<int>(blockDim.x);
        if (i < vectors) {
            asm volatile("ld.global.nc.L1::no_allocate.v4.u32 {%0, %1, %2, %3}, [%4];"
                         : "=r"(v[j].x), "=r"(v[j].y), "=r"(v[j].z), "=r"(v[j].w)
                         : "l"(in + token * vectors + i));
        }
    }
    float reciprocal = slot.row < 0 ? 1.0f : reciprocal_of(scales, s, slot, token * topk + lane, token);
    bool alike = scales.mode == PER_TOKEN || scales.mode == ONE_SCALE;
    int copy = 0;
    for (unsigned rest = mask; rest != 0; rest = alike ? 0 : rest & (rest - 1), copy++) {
        float r = __shfl_sync(ALL, reciprocal, __ffs(rest) - 1);
        uint2* to = reinterpret_cast<uint2*>(shared) + static_cast<int64_t>(copy) * span + threadIdx.x;
#pragma unroll
        for (int j = 0; j < VPT; j++) {
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

#define PIECE_PARAMS int tokens, int topk, int group, int row_bytes, int piece_bytes, int pieces, int evict_first
#define PIECE Piece{tokens, topk, group, row_bytes, piece_bytes, pieces}, evict_first != 0

// Warps for ceil(tokens / group) * pieces, up to 16 a block; shared memory: warps * group * piece_bytes.
extern "C" __global__ void __launch_bounds__(512)
        pre_reorder_bulk(const char* in, char* out, PIECE_PARAMS, MOE_SLOT_PARAMS) {
    through_shared(in, out, PIECE, MOE_SLOTS, NoConversion());
}

// The same; piece_bytes is a multiple of 32, up to 3,584.
#define PRE_REORDER_FP8(NAME, T)                                                          \
    extern "C" __global__ void __launch_bounds__(512)                                     \
            pre_reorder_fp8_##NAME(const char* in, char* out, PIECE_PARAMS, MOE_SLOT_PARAMS) { \
        through_shared(in, out, PIECE, MOE_SLOTS, ToFp8<T>());                            \
    }
PRE_REORDER_FP8(fp16, Fp16)
PRE_REORDER_FP8(bf16, Bf16)

// Warps for tokens * pieces of 32 * VPT vectors; v4: up to 8 a block, v7: up to 4.
#define PRE_REORDER_SCALED(NAME, T, VPT, THREADS, BLOCKS)                                                      \
    extern "C" __global__ void __launch_bounds__(THREADS, BLOCKS) pre_reorder_scaled_##NAME##_v##VPT(          \
            const uint4* in, uint4* out, int vectors, int tokens, int topk, MOE_SLOT_PARAMS, MOE_SCALE_PARAMS) {                \
        scaled_vectors<T, VPT>(in, out, vectors, tokens, topk, MOE_SLOTS, MOE_SCALES);                         \
    }
PRE_REORDER_SCALED(fp16, Fp16, 4, 256, 4)
PRE_REORDER_SCALED(fp16, Fp16, 7, 128, 6)
PRE_REORDER_SCALED(bf16, Bf16, 4, 256, 4)
PRE_REORDER_SCALED(bf16, Bf16, 7, 128, 6)

// 1 or 2 warps a block, blocks for tokens * pieces of blockDim.x * 7 vectors. A row is a multiple of 16 values.
#define PRE_REORDER_SCALED8(NAME, T)                                                                            \
    extern "C" __global__ void __launch_bounds__(64) pre_reorder_scaled8_##NAME(const uint4* in, char* out,     \
            int vectors, int topk, int evict_first, MOE_SLOT_PARAMS, MOE_SCALE_PARAMS) {                        \
        scaled_to_fp8<T, 7>(in, out, vectors, topk, evict_first != 0, MOE_SLOTS, MOE_SCALES);                   \
    }
PRE_REORDER_SCALED8(fp16, Fp16)
PRE_REORDER_SCALED8(bf16, Bf16)
