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

}  // namespace moe
