// Counting long segments by all blocks: each takes an equal share of the batch's line and, inside it, the pieces of
// segments of at least `least` ids, one after the other, as a whole block. A piece's histogram goes to its segment's row
// by 64-bit atomic additions, which give the same sum in any order. Shorter segments are stepped over, blockDim at once.
#pragma once
#include "count.cuh"

namespace moe {

// A block's share of the line, and the segments it begins and ends in.
struct Share {
    unsigned from;
    unsigned to;
    int first;
    int last;

    // ends: shared memory, for two warps to look for the two ends at once.
    __device__ __forceinline__ Share(const Line& line, int* ends) {
        unsigned long long units = line.units();
        unsigned long long per = (units + gridDim.x - 1) / gridDim.x;
        from = static_cast<unsigned>(min(units, blockIdx.x * per));
        to = static_cast<unsigned>(min(units, (blockIdx.x + 1) * per));
        unsigned warp = threadIdx.x / 32;
        if (warp < 2 && from < to) {
            int s = line.segment_of(warp == 0 ? from : to - 1, threadIdx.x & 31);
            if ((threadIdx.x & 31) == 0) {
                ends[warp] = s;
            }
        }
        __syncthreads();
        first = from < to ? ends[0] : 0;
        last = from < to ? ends[1] : -1;
    }
};

// found: room for THREADS numbers. row_of(segment, first id of it) gives the counts [num_experts] to add to.
template <int BYTES, unsigned THREADS, typename RowOf>
__device__ __forceinline__ void count_long(const void* ids, const Line& line, const Bins& bins, unsigned least,
        unsigned* replicas, int* found, unsigned long long* tally, RowOf row_of) {
    __shared__ int pieces;
    __shared__ int ends[2];
    clear_block<BYTES, THREADS>(replicas, bins);
    Share share(line, ends);
    for (int group = share.first; group <= share.last; group += THREADS) {
        if (threadIdx.x == 0) {
            pieces = 0;
        }
        __syncthreads();
        int mine = group + static_cast<int>(threadIdx.x);
        if (mine <= share.last && line.start(mine + 1) - line.start(mine) >= least) {
            found[atomicAdd(&pieces, 1)] = mine;
        }
        __syncthreads();
        int count = pieces;
        for (int i = 0; i < count; i++) {
            int s = found[i];
            Piece piece(line, s, share.from, share.to);
            count_block<BYTES, THREADS>(replicas, bins, ids, piece.from, piece.to);
            add_up<BYTES>(replicas, bins, row_of(s, line.start(s)), tally);
        }
        __syncthreads();
    }
}

}  // namespace moe
