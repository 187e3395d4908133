// Large segments: many blocks a segment, in three launches (count, scan, write) over one work list for all large segments
// of a batch. A chunk is a whole number of tiles of one segment (the last may be short), one block's share in the first
// and the third launch.
//
// Scratch: table [chunks][row_length(bins)], uint32: what each chunk counted of each key, then (after large_scan) what
// the chunks of its segment before it counted. totals [large segments][bins + CAUSES], uint32.
// A batch of one segment passes work = null and lone_ids = its length: then no list is read before the ids.
#pragma once
#include "params.cuh"
#include "tile.cuh"

namespace moe {

// One entry of the work list, int32 [chunks][4].
struct Chunk {
    int segment;
    int chunk;   // of the segment
    int chunks;  // of the segment
    int large;   // index of the segment among the large ones
};

struct Share {
    Chunk chunk;
    int64_t at;  // of the segment's first id
    int length;  // of the segment
    int from, end;

    __device__ __forceinline__ Share(const Chunk* work, const int* offsets, int lone_ids, int chunk_ids) {
        if (work == nullptr) {
            chunk = Chunk{0, static_cast<int>(blockIdx.x), static_cast<int>(gridDim.x), 0};
            at = 0;
            length = lone_ids;
        } else {
            int4 w = __ldg(reinterpret_cast<const int4*>(work) + blockIdx.x);
            chunk = Chunk{w.x, w.y, w.z, w.w};
            int begin = offsets[chunk.segment];
            at = static_cast<int64_t>(begin) - offsets[0];
            length = offsets[chunk.segment + 1] - begin;
        }
        int64_t first = static_cast<int64_t>(chunk.chunk) * chunk_ids;
        from = static_cast<int>(first < length ? first : length);
        end = static_cast<int>(first + chunk_ids < length ? first + chunk_ids : length);
    }
};

// From the counts to where each bin's ids of this chunk go: offsets (in blocks) and next. All that is read is asked for
// at once: this is the wait before the first tile.
template <int BITS, int WARPS, class Blocks>
__device__ __forceinline__ void
start_chunk(const TileMemory<WARPS>& memory, int bins, const uint32_t* totals, const uint32_t* before, Blocks blocks) {
    constexpr int THREADS = WARPS * 32, MOST = BITS < 10 ? 2 << BITS : MOST_BINS;
    constexpr int MINE = (MOST + THREADS - 1) / THREADS;
    uint32_t held[MINE];
#pragma unroll
    for (int i = 0; i < MINE; i++) {
        int key = threadIdx.x + i * THREADS;
        held[i] = key < bins ? before[key] : 0;
    }
    block_offsets<THREADS>(memory.offsets, bins, memory.partial, [&](int key) { return blocks.of(totals[key]); });
#pragma unroll
    for (int i = 0; i < MINE; i++) {
        int key = threadIdx.x + i * THREADS;
        if (key < memory.row) memory.next[key] = key < bins ? memory.offsets[key] * blocks.size + held[i] : 0;
    }
    __syncthreads();
}

}  // namespace moe
