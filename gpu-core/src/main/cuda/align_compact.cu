// moe_align_compact: the stable order without padding, and where each bin's run starts; a warp or a block a segment.
// sorted begins at out_offsets[s] - out_offsets[0] of segment s; bin_offsets: [segments][bins + 1]. Both are int32, or
// uint16 with `narrow` (segments of up to 65,535 ids). out_offsets is `offsets` itself where no id is left out; else
// align_compact_kept and segment_offsets make it. Ids that were left out are only counted.
#include "include/compact_warp.cuh"
#include "include/sort_segment.cuh"

namespace moe {
namespace {

constexpr int WARPS_A_BLOCK = 4;

template <int BITS>
__device__ __forceinline__ void compact_warp(
    const Keys& keys, const int* offsets, const int* list, int count, const CompactOutput& out,
    unsigned long long* tally) {
    extern __shared__ __align__(16) uint16_t warp_memory[];
    int warp = threadIdx.x >> 5, i = blockIdx.x * WARPS_A_BLOCK + warp, row = row_length(keys.bins);
    if (i >= count) return;
    int s = listed(list, i), begin = offsets[s];
    uint16_t* counters = warp_memory + warp * (row + WarpSegment<BITS>::ORDERED);
    WarpSegment<BITS> segment{
        keys, out, counters, counters + row, row, s, offsets[s + 1] - begin, static_cast<int64_t>(begin) - offsets[0], tally};
    segment.run();
}

struct CompactPlace {
    const CompactOutput& out;
    int64_t base, bins_at;
    int bins, threads;

    __device__ __forceinline__ static constexpr bool direct() { return false; }
    __device__ __forceinline__ static constexpr uint32_t taken_off() { return 0; }
    __device__ __forceinline__ static constexpr bool moves() { return false; }
    __device__ __forceinline__ static constexpr uint32_t moved(uint32_t) { return 0; }
    template <bool WHOLE, int ITEMS>
    __device__ __forceinline__ void place(const uint32_t (&)[ITEMS], int, int, int) const {}
    __device__ __forceinline__ void put(uint32_t position, int index, uint32_t) const {
        out.store(out.sorted, base + position, index);
    }
    __device__ __forceinline__ void finish(const uint32_t* offsets) const {
        for (int i = threadIdx.x; i <= bins; i += threads) out.store(out.bin_offsets, bins_at + i, offsets[i]);
    }
};

template <int BITS, int WARPS, int ITEMS>
__device__ __forceinline__ void compact_block(
    const Keys& keys, const int* offsets, const int* list, const CompactOutput& out, unsigned long long* tally) {
    extern __shared__ __align__(16) uint32_t shared[];
    TileMemory<WARPS> memory(shared, keys.bins);
    int s = listed(list, blockIdx.x), begin = offsets[s];
    SortSegment<BITS, WARPS, ITEMS> segment{
        keys, memory, offsets[s + 1] - begin, static_cast<int64_t>(begin) - offsets[0], tally};
    segment.run(CompactPlace{
        out, out.base(s), static_cast<int64_t>(s) * (keys.bins + 1), keys.bins, WARPS * 32});
}

}  // namespace
}  // namespace moe

#define COMPACT_PARAMS                                                                                               \
    MOE_KEY_PARAMS, const int *list, int count, const int *out_offsets, void *sorted, void *bin_offsets, int narrow, \
        unsigned long long *tally

#define COMPACT_WARP(BITS)                                                                                       \
    extern "C" __global__ void __launch_bounds__(128, 8) align_compact_warp_b##BITS(COMPACT_PARAMS) {               \
        moe::compact_warp<BITS>(                                                                                 \
            MOE_KEYS, offsets, list, count, moe::CompactOutput{out_offsets, sorted, bin_offsets, narrow}, tally); \
    }

#define COMPACT_BLOCK(WARPS, ITEMS, BITS, MIN_BLOCKS)                                                                  \
    extern "C" __global__ void __launch_bounds__(WARPS * 32, MIN_BLOCKS) align_compact_w##WARPS##_b##BITS(COMPACT_PARAMS) { \
        moe::compact_block<BITS, WARPS, ITEMS>(                                                                        \
            MOE_KEYS, offsets, list, moe::CompactOutput{out_offsets, sorted, bin_offsets, narrow}, tally);             \
    }

COMPACT_WARP(8)
COMPACT_WARP(10)
COMPACT_BLOCK(8, 8, 8, 4)
COMPACT_BLOCK(8, 8, 10, 4)
COMPACT_BLOCK(32, 8, 8, 2)
COMPACT_BLOCK(16, 16, 8, 3)
