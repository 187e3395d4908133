// Segments by the warp: what expert counts and padding do with every segment that is not long.
//
// A warp takes `span` consecutive segments (a power of two, up to 32); lane i knows where segment i lies. One histogram
// a warp in shared memory, all zero between segments.
#pragma once
#include "count.cuh"

namespace moe {

// A segment of LONG ids and more is counted by all blocks (count_long.cuh), a shorter one by a warp.
constexpr unsigned LONG = 2048;

// Segments as the lanes of a warp hold them; a lane beyond the end has none.
struct Lanes {
    unsigned start;
    unsigned length;
    bool any;

    __device__ __forceinline__ Lanes(const Line& line, int64_t first, int span, unsigned lane) : start(0), length(0) {
        any = lane < static_cast<unsigned>(span) && first + lane < line.segments;
        if (any) {
            start = line.start(static_cast<int>(first + lane));
            length = line.start(static_cast<int>(first + lane) + 1) - start;
        }
    }
};

// Counts [from, from + length) into the warp's histogram; complete when it returns.
template <int BYTES>
__device__ __forceinline__ void
count_warp(unsigned* histogram, const Bins& bins, const void* ids, unsigned from, unsigned length, unsigned lane) {
    auto count = [&](unsigned code) { atomicAdd(histogram + bins.of(code), 1u); };
    if (length <= 32) {
        if (lane < length) {
            count(static_cast<const typename Code<BYTES>::type*>(ids)[from + lane]);
        }
    } else {
        each_code<BYTES>(ids, from, from + length, lane, 32, count);
    }
    __syncwarp();
}

__device__ __forceinline__ void clear_warp(unsigned* histogram, const Bins& bins, unsigned lane) {
    for (unsigned bin = lane; bin < bins.count(); bin += 32) {
        histogram[bin] = 0;
    }
    __syncwarp();
}

// Odd ids of a block: [0] masked, [1] invalid, in shared memory; one addition a block to the tally.
__device__ __forceinline__ void add_odd(const unsigned* odd, unsigned long long* tally) {
    __syncthreads();
    if (threadIdx.x < 2) {
        tally_add(tally, threadIdx.x == 0 ? MASKED : INVALID, odd[threadIdx.x]);
    }
}

__device__ __forceinline__ unsigned warp_sum(unsigned v) {
#pragma unroll
    for (int d = 16; d > 0; d /= 2) {
        v += __shfl_xor_sync(ALL_LANES, v, d);
    }
    return v;
}

__device__ __forceinline__ unsigned warp_max(unsigned v) {
#pragma unroll
    for (int d = 16; d > 0; d /= 2) {
        v = max(v, __shfl_xor_sync(ALL_LANES, v, d));
    }
    return v;
}

// Row of a long segment in scratch: segments of LONG ids and more that start LONG ids apart never share one.
__device__ __forceinline__ unsigned scratch_row(unsigned start) {
    return start / LONG;
}

}  // namespace moe
