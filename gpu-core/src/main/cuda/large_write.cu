// The third launch for large segments of align and compact: ranks each chunk again, tile by tile, and writes every id's
// index to its place, then what is between: sentinels, expert ids and sizes (align) or the offsets of the bins (compact).
//
// Align: `block_size` and `experts`; where the segment begins is in sorted_offsets and expert_offsets (align_segments
// put it there), except for a batch of one segment, whose sizes this launch writes. Compact: bin_offsets is not null,
// block_size is 1, and the segment begins at out_offsets[segment] - out_offsets[0].
#include "include/large.cuh"

namespace moe {
namespace {

struct LargeOutput {
    int* sorted;
    int* experts;
    int* post_pad;
    long long* sorted_offsets;
    long long* expert_offsets;
    const int* out_offsets;
    int* bin_offsets;
};

struct PlaceInOrder {
    int* sorted;
    __device__ __forceinline__ static constexpr bool staged() { return true; }
    __device__ __forceinline__ static constexpr bool direct() { return false; }
    __device__ __forceinline__ void put(uint32_t position, int index, uint32_t) const { sorted[position] = index; }
    __device__ __forceinline__ static constexpr uint32_t taken_off() { return 0; }
    __device__ __forceinline__ static constexpr bool moves() { return false; }
    __device__ __forceinline__ static constexpr uint32_t moved(uint32_t) { return 0; }
    template <bool WHOLE, int ITEMS>
    __device__ __forceinline__ void place(const uint32_t (&)[ITEMS], int, int, int) const {}
};

template <int WARPS>
struct LargeSegment {
    static constexpr int THREADS = WARPS * 32;

    const Keys& keys;
    const Share& share;
    const TileMemory<WARPS>& memory;
    const uint32_t* totals;
    Blocks blocks;

    // Sentinels: each block takes bins; expert ids: all blocks side by side.
    __device__ __forceinline__ void pad(int* sorted, int* experts, const int* key_value) const {
        for (int key = share.chunk.chunk; key < keys.bins; key += share.chunk.chunks) {
            uint32_t end = memory.offsets[key + 1] * blocks.size;
            for (uint32_t p = memory.offsets[key] * blocks.size + totals[key] + threadIdx.x; p < end; p += THREADS) {
                sorted[p] = share.length;
            }
        }
        uint32_t total = memory.offsets[keys.bins];
        for (uint32_t j = share.chunk.chunk * THREADS + threadIdx.x; j < total; j += share.chunk.chunks * THREADS) {
            experts[j] = value_of(bin_at(memory.offsets, keys.bins, j), keys.first, key_value);
        }
    }

    __device__ __forceinline__ void sizes_of_lone(const LargeOutput& out) const {
        uint32_t total = memory.offsets[keys.bins];
        out.post_pad[0] = total * blocks.size;
        out.sorted_offsets[0] = out.expert_offsets[0] = 0;
        out.sorted_offsets[1] = static_cast<long long>(total) * blocks.size;
        out.expert_offsets[1] = total;
    }
};

template <int BITS, int WARPS, int ITEMS>
__device__ __forceinline__ void large_write(
    const Keys& keys, const Share& share, const uint32_t* before, const uint32_t* totals, int block_size,
    const int* key_value, bool lone, const LargeOutput& out) {
    extern __shared__ __align__(16) uint32_t shared[];
    TileMemory<WARPS> memory(shared, keys.bins);
    TileSorter<BITS, WARPS, ITEMS> sorter(keys, memory, share.at, share.end);
    LargeSegment<WARPS> segment{keys, share, memory, totals, Blocks(block_size)};
    int s = share.chunk.segment;
    bool compact = out.bin_offsets != nullptr;
    int64_t base = lone ? 0 : compact ? out.out_offsets[s] - out.out_offsets[0] : out.sorted_offsets[s];
    sorter.run(share.from, [&]() { start_chunk<BITS, WARPS>(memory, keys.bins, totals, before, segment.blocks); }, PlaceInOrder{settled(out.sorted + base)});
    if (!compact) {
        segment.pad(out.sorted + base, out.experts + (lone ? 0 : out.expert_offsets[s]), key_value);
        if (lone && blockIdx.x == 0 && threadIdx.x == 0) segment.sizes_of_lone(out);
    } else if (share.chunk.chunk == 0) {
        int* offsets = out.bin_offsets + static_cast<int64_t>(s) * (keys.bins + 1);
        for (int i = threadIdx.x; i <= keys.bins; i += WARPS * 32) offsets[i] = memory.offsets[i];
    }
}

}  // namespace
}  // namespace moe

#define LARGE_WRITE(WARPS, ITEMS, BITS)                                                                             \
    extern "C" __global__ void __launch_bounds__(WARPS * 32, 2) large_write_w##WARPS##_b##BITS(                     \
        MOE_KEY_PARAMS, const moe::Chunk* work, int lone_ids, int chunk_ids, const uint32_t* counts,     \
        const uint32_t* totals, int block_size, const int* key_value, int* sorted, int* experts, int* post_pad,     \
        long long* sorted_offsets, long long* expert_offsets, const int* out_offsets, int* bin_offsets) {           \
        moe::Keys keys = MOE_KEYS;                                                                                  \
        moe::Share share(work, offsets, lone_ids, chunk_ids);                                                       \
        moe::large_write<BITS, WARPS, ITEMS>(                                                                       \
            keys, share, counts + static_cast<int64_t>(blockIdx.x) * moe::row_length(bins),                  \
            totals + static_cast<int64_t>(share.chunk.large) * keys.counters(), block_size, key_value,              \
            work == nullptr,                                                                                        \
            moe::LargeOutput{sorted, experts, post_pad, sorted_offsets, expert_offsets, out_offsets, bin_offsets}); \
    }

LARGE_WRITE(8, 8, 8)
LARGE_WRITE(8, 8, 10)
LARGE_WRITE(16, 16, 7)
LARGE_WRITE(16, 32, 8)
LARGE_WRITE(16, 32, 9)
LARGE_WRITE(16, 32, 10)
