// Expert counts: ids of each expert, a segment.
//
// ids, offsets int32 [segments + 1]: the batch. counts int64 [segments][num_experts], the final layout. tally int64:
// masked and invalid ids. Two launches whatever the batch: expert_counts_rows writes the row of every segment, zeros for
// long ones; expert_counts_long, needed only where there is a long one (LONG ids), adds the long ones up.
//
// Writing is the work: a row of 8 ids of 256 experts is 2 KiB of counts. So a warp counts in shared memory and writes
// each row once, 16 bytes a lane where rows allow, clearing its histogram as it reads it.
#include "include/count_long.cuh"
#include "include/rows.cuh"

using namespace moe;

namespace {

constexpr int ROWS_THREADS = 256;
constexpr int LONG_THREADS = 512;
constexpr int WARPS = ROWS_THREADS / 32;

// The count of one expert, which it clears; experts that the id type cannot name have none.
__device__ __forceinline__ unsigned long long take(unsigned* histogram, const Bins& bins, unsigned expert) {
    if (expert >= bins.limit) {
        return 0;
    }
    unsigned count = histogram[expert + 1];
    histogram[expert + 1] = 0;
    return count;
}

__device__ __forceinline__ void
write_row(unsigned long long* row, int num_experts, unsigned* histogram, const Bins& bins, unsigned lane) {
    if (num_experts % 2 == 0) {
        ulonglong2* pairs = reinterpret_cast<ulonglong2*>(row);
        for (int i = lane; i < num_experts / 2; i += 32) {
            pairs[i] = make_ulonglong2(take(histogram, bins, 2 * i), take(histogram, bins, 2 * i + 1));
        }
    } else {
        for (int e = lane; e < num_experts; e += 32) {
            row[e] = take(histogram, bins, e);
        }
    }
}

// Moves the counts of odd ids to the block's.
__device__ __forceinline__ void take_odd(unsigned* histogram, const Bins& bins, unsigned* odd, unsigned lane) {
    if (lane < 2) {
        unsigned bin = lane == 0 ? 0 : bins.limit + 1;
        if (histogram[bin] != 0) {
            atomicAdd(odd + lane, histogram[bin]);
            histogram[bin] = 0;
        }
    }
    __syncwarp();
}

template <int BYTES>
__device__ __forceinline__ void rows(const void* ids, const Line& line, const Bins& bins, int num_experts, int span,
        unsigned long long* counts, unsigned* histogram, unsigned* odd) {
    unsigned lane = threadIdx.x & 31;
    int64_t first = (static_cast<int64_t>(blockIdx.x) * WARPS + threadIdx.x / 32) * span;
    Lanes mine(line, first, span, lane);
    int count = static_cast<int>(min(static_cast<int64_t>(span), line.segments - first));
    for (int i = 0; i < count; i++) {
        unsigned start = __shfl_sync(ALL_LANES, mine.start, i);
        unsigned length = __shfl_sync(ALL_LANES, mine.length, i);
        if (length < LONG) {
            count_warp<BYTES>(histogram, bins, ids, start, length, lane);
            take_odd(histogram, bins, odd, lane);
        }
        write_row(counts + (first + i) * num_experts, num_experts, histogram, bins, lane);
        __syncwarp();
    }
}

}  // namespace

extern "C" __global__ void __launch_bounds__(ROWS_THREADS)
        expert_counts_rows(const void* ids, int id_type, const int* offsets, int segments, int num_experts, int span,
                unsigned long long* counts, unsigned long long* tally) {
    extern __shared__ unsigned histograms[];  // [WARPS][bins]
    __shared__ unsigned odd[2];
    Bins bins = bins_of(id_type, num_experts);
    Line line(offsets, segments);
    unsigned* mine = histograms + threadIdx.x / 32 * bins.count();
    clear_warp(mine, bins, threadIdx.x & 31);
    if (threadIdx.x < 2) {
        odd[threadIdx.x] = 0;
    }
    __syncthreads();
    switch (bytes_of(id_type)) {
        case 1: rows<1>(ids, line, bins, num_experts, span, counts, mine, odd); break;
        case 2: rows<2>(ids, line, bins, num_experts, span, counts, mine, odd); break;
        default: rows<4>(ids, line, bins, num_experts, span, counts, mine, odd); break;
    }
    add_odd(odd, tally);
}

extern "C" __global__ void __launch_bounds__(LONG_THREADS, 2) expert_counts_long(const void* ids, int id_type,
        const int* offsets, int segments, int num_experts, unsigned long long* counts, unsigned long long* tally) {
    extern __shared__ unsigned replicas[];
    __shared__ int found[LONG_THREADS];
    Bins bins = bins_of(id_type, num_experts);
    Line line(offsets, segments);
    auto row = [&](int s, unsigned) { return counts + static_cast<int64_t>(s) * num_experts; };
    switch (bytes_of(id_type)) {
        case 1: count_long<1, LONG_THREADS>(ids, line, bins, LONG, replicas, found, tally, row); break;
        case 2: count_long<2, LONG_THREADS>(ids, line, bins, LONG, replicas, found, tally, row); break;
        default: count_long<4, LONG_THREADS>(ids, line, bins, LONG, replicas, found, tally, row); break;
    }
}
