// moe_pre_reorder without scales, topk <= 32 (compute capability 9.0): a piece of a token's row is loaded once, in bulk, and
// stored in bulk for every selected slot. Rows are of whole 16 bytes on both sides.
//
//   pre_reorder_bulk   any type to itself.
//   pre_reorder_fp8_*  16 bits to fp8: converted once, in shared memory.
// Where most slots are selected, a few blocks of several warps fill a multiprocessor, which then reads for a while and
// writes for a while; else blocks of one warp.
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
