// How a sorting block lays out its shared memory, and what is done to it as a whole.
#pragma once
#include <cstdint>

#include "keys.cuh"

namespace moe {

constexpr int MOST_BINS = 1025;

// Counters of a warp: bins, causes, and padding to 16 bytes.
__host__ __device__ __forceinline__ int row_length(int bins) { return (bins + CAUSES + 7) & ~7; }

// Shared memory of a sorting block: uint16 rows[WARPS][row], uint32 partial[36] (32 for the scans, one for the ids that
// a tile keeps), next[row], delta[row], offsets[row], then whatever the kernel stages.
template <int WARPS>
struct TileMemory {
    uint32_t* rows;
    uint32_t* next;
    uint32_t* delta;
    uint32_t* offsets;
    uint32_t* partial;
    uint32_t* stage;
    int row;

    __device__ __forceinline__ TileMemory(uint32_t* shared, int bins) : row(row_length(bins)) {
        rows = shared;
        partial = rows + WARPS * row / 2;
        next = partial + 36;
        delta = next + row;
        offsets = delta + row;
        stage = offsets + row;
    }
};

__device__ __forceinline__ void clear_row(uint16_t* counters, int row) {
    __syncwarp();  // lanes may still read what the last tile left here
    uint4* words = reinterpret_cast<uint4*>(counters);
#pragma unroll 1
    for (int i = threadIdx.x & 31; i < row / 8; i += 32) words[i] = make_uint4(0, 0, 0, 0);
    __syncwarp();
}

// The bin that holds position p: the last one of `bins` that starts at p or before.
__device__ __forceinline__ int bin_at(const uint32_t* offsets, int bins, uint32_t p) {
    int lo = 0, hi = bins;
    while (hi - lo > 1) {
        int mid = (lo + hi) >> 1;
        if (offsets[mid] <= p) {
            lo = mid;
        } else {
            hi = mid;
        }
    }
    return lo;
}

}  // namespace moe
