// moe_align_block_size, padded, a block a segment: any mix of segments in one launch.
//
// Blocks take segments by a ticket, measure them in blocks of block_size, and find where their output begins by
// decoupled look-back, while other warps place ids already. Output of segment s: sorted_token_ids from
// sorted_offsets[s] on, expert_ids from expert_offsets[s] on; both offsets are int64 and count entries. Large segments
// were counted before (large_count, large_scan): here they only get their place, align_large_write does the rest.
#include "include/align_segment.cuh"

namespace moe {
namespace {

template <int BITS, int WARPS, int ITEMS>
__device__ __forceinline__ void align_segments(
    const Keys& keys, const int* offsets, int segments, int block_size, const int* key_value, const int* large,
    int larges, const uint32_t* totals, const AlignOutput& out) {
    extern __shared__ __align__(16) uint32_t shared[];
    __shared__ int ticket;
    __shared__ long long base;
    if (threadIdx.x == 0) ticket = segments == 1 ? 0 : static_cast<int>(atomicAdd(out.status + segments, 1ull));
    __syncthreads();
    int s = ticket;
    int begin = offsets[s];
    AlignSegment<BITS, WARPS, ITEMS, 0> segment{
        keys, out, key_value, Blocks(block_size), TileMemory<WARPS>(shared, keys.bins), s, segments,
        offsets[s + 1] - begin, static_cast<int64_t>(begin) - offsets[0], &base, 0, 1};
    segment.run(larges > 0 ? large_totals(large, larges, s, totals, keys.counters()) : nullptr);
}

// One short segment (one tile, block_size of whole vectors): all blocks sort it, each writes its part. No block waits.
template <int BITS, int WARPS, int ITEMS>
__device__ __forceinline__ void align_short(
    const Keys& keys, int length, int block_size, const int* key_value, const AlignOutput& out) {
    extern __shared__ __align__(16) uint32_t shared[];
    __shared__ long long base;
    AlignSegment<BITS, WARPS, ITEMS, WARPS> segment{
        keys, out, key_value, Blocks(block_size), TileMemory<WARPS>(shared, keys.bins), 0, 1, length, 0, &base,
        static_cast<int>(blockIdx.x), static_cast<int>(gridDim.x)};
    segment.run_short();
}

}  // namespace
}  // namespace moe

#define ALIGN_SEGMENTS(WARPS, ITEMS, BITS, MIN_BLOCKS)                                                            \
    extern "C" __global__ void __launch_bounds__(WARPS * 32, MIN_BLOCKS) align_segments_w##WARPS##_i##ITEMS##_b##BITS(       \
        MOE_KEY_PARAMS, int segments, int block_size, const int* key_value, const int* large, int larges,         \
        const uint32_t* totals, int* sorted, int* experts, int* post_pad, long long* sorted_offsets,              \
        long long* expert_offsets, unsigned long long* status, unsigned long long* tally) {                       \
        moe::align_segments<BITS, WARPS, ITEMS>(                                                                  \
            MOE_KEYS, offsets, segments, block_size, key_value, large, larges, totals,                            \
            moe::AlignOutput{sorted, experts, post_pad, sorted_offsets, expert_offsets, status, tally});          \
    }

ALIGN_SEGMENTS(8, 2, 8, 8)
ALIGN_SEGMENTS(8, 4, 8, 8)
ALIGN_SEGMENTS(8, 4, 10, 4)
ALIGN_SEGMENTS(32, 8, 8, 2)
ALIGN_SEGMENTS(32, 8, 10, 1)

#define ALIGN_SHORT(WARPS, ITEMS, BITS)                                                                               \
    extern "C" __global__ void __launch_bounds__(WARPS * 32) align_short_b##BITS(                                     \
        MOE_KEY_PARAMS, int length, int block_size, const int* key_value, int* sorted, int* experts, int* post_pad,   \
        long long* sorted_offsets, long long* expert_offsets, unsigned long long* tally) {                            \
        moe::align_short<BITS, WARPS, ITEMS>(                                                                         \
            MOE_KEYS, length, block_size, key_value,                                                                  \
            moe::AlignOutput{sorted, experts, post_pad, sorted_offsets, expert_offsets, nullptr, tally});             \
    }

ALIGN_SHORT(8, 4, 8)
ALIGN_SHORT(8, 4, 10)
