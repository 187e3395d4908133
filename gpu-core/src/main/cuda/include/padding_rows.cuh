// The walk over a batch's segments that padding.cu and padding_sums.cu share. `Out` says where the figures go:
//   rows(first, count, mine, figures, staged)   `count` segments from `first`, one a lane; long ones are not among them
//   one(segment, lane, blocks, figures)         a long segment, by a whole warp, lane j with the blocks of size j
#pragma once
#include "count_long.cuh"
#include "padding_alone.cuh"

namespace moe {

struct PaddingBatch {
    const void* ids;
    int id_bytes;
    int num_experts;
    int span;
    unsigned long long* scratch;  // [ids / LONG + 1][num_experts], counts of long segments
};

template <typename Out>
__device__ __forceinline__ void padding_span(const PaddingBatch& batch, const Bins& bins, const Sizes& sizes,
        Round& round, unsigned* histogram, uint16_t* staged, int64_t first, const Lanes& mine, const Out& out) {
    unsigned lane = threadIdx.x & 31;
    int count = sizes.count();
    Figures figures = {0, 0};
    if (mine.length <= ALONE) {
        uint16_t* row = staged + lane * count;
        figures = mine.length <= 8 ? measure_alone<8>(batch.ids, batch.id_bytes, mine.start, mine.length, bins, round,
                                             count, row)
                                   : measure_alone<ALONE>(batch.ids, batch.id_bytes, mine.start, mine.length, bins,
                                             round, count, row);
    }
    __syncwarp();
    for (unsigned left = __ballot_sync(ALL_LANES, mine.length > ALONE); left != 0; left &= left - 1) {
        int row = __ffs(left) - 1;
        unsigned start = __shfl_sync(ALL_LANES, mine.start, row);
        unsigned length = __shfl_sync(ALL_LANES, mine.length, row);
        if (length >= LONG) {
            for (int e = lane; sizes.first_round() && e < batch.num_experts; e += 32) {
                batch.scratch[static_cast<int64_t>(scratch_row(start)) * batch.num_experts + e] = 0;
            }
            continue;
        }
        switch (batch.id_bytes) {
            case 1: count_warp<1>(histogram, bins, batch.ids, start, length, lane); break;
            case 2: count_warp<2>(histogram, bins, batch.ids, start, length, lane); break;
            default: count_warp<4>(histogram, bins, batch.ids, start, length, lane); break;
        }
        Figures of_row;
        unsigned blocks = measure(bins.limit, round, count, lane, of_row, [&](int e) { return histogram[e + 1]; });
        if (static_cast<int>(lane) < count) {
            staged[row * count + lane] = static_cast<uint16_t>(blocks);
        }
        if (lane < 2) {
            atomicAdd(round.odd + lane, histogram[lane == 0 ? 0 : bins.limit + 1]);
        }
        figures = static_cast<int>(lane) == row ? of_row : figures;
        __syncwarp();
        clear_warp(histogram, bins, lane);
    }
    out.rows(first, count, mine, figures, staged);
    __syncwarp();
}

// All segments that are not long. Dynamic shared memory: a histogram [bins] and 32 x sizes uint16 a warp.
template <typename Out>
__device__ __forceinline__ void padding_rows(const PaddingBatch& batch, const Line& line, const Bins& bins,
        const Sizes& sizes, Round& round, unsigned* memory, unsigned long long* tally, const Out& out) {
    unsigned warp = threadIdx.x / 32;
    unsigned* histogram = memory + warp * bins.count();
    uint16_t* staged = reinterpret_cast<uint16_t*>(memory + PADDING_WARPS * bins.count()) + warp * 32 * sizes.count();
    clear_warp(histogram, bins, threadIdx.x & 31);
    int64_t step = static_cast<int64_t>(gridDim.x) * PADDING_WARPS * batch.span;
    int64_t first = (static_cast<int64_t>(blockIdx.x) * PADDING_WARPS + warp) * batch.span;
    Lanes mine(line, first, batch.span, threadIdx.x & 31);
    for (; first < line.segments; first += step) {
        Lanes next(line, first + step, batch.span, threadIdx.x & 31);  // on its way while this span is measured
        padding_span(batch, bins, sizes, round, histogram, staged, first, mine, out);
        mine = next;
    }
    if (sizes.first_round()) {
        add_odd(round.odd, tally);
    }
}

// Counts of long segments to scratch; 512 threads, REPLICAS x bins of dynamic shared memory.
__device__ __forceinline__ void padding_count_long(const void* ids, int id_type, const Line& line, int num_experts,
        unsigned* replicas, unsigned long long* scratch, unsigned long long* tally) {
    __shared__ int found[512];
    Bins bins = bins_of(id_type, num_experts);
    auto row = [&](int, unsigned start) { return scratch + static_cast<int64_t>(scratch_row(start)) * num_experts; };
    switch (bytes_of(id_type)) {
        case 1: count_long<1, 512>(ids, line, bins, LONG, replicas, found, tally, row); break;
        case 2: count_long<2, 512>(ids, line, bins, LONG, replicas, found, tally, row); break;
        default: count_long<4, 512>(ids, line, bins, LONG, replicas, found, tally, row); break;
    }
}

// The long segments among all, a warp each; `counts` holds one's in shared memory, num_experts a warp.
template <typename Out>
__device__ __forceinline__ void padding_finish_long(const Line& line, int num_experts, int span,
        const unsigned long long* scratch, int sizes, const Round& round, unsigned* counts, const Out& out) {
    unsigned lane = threadIdx.x & 31;
    unsigned* mine_at = counts + threadIdx.x / 32 * num_experts;
    int64_t step = static_cast<int64_t>(gridDim.x) * PADDING_WARPS * span;
    int64_t first = (static_cast<int64_t>(blockIdx.x) * PADDING_WARPS + threadIdx.x / 32) * span;
    for (; first < line.segments; first += step) {
        Lanes mine(line, first, span, lane);
        for (unsigned left = __ballot_sync(ALL_LANES, mine.length >= LONG); left != 0; left &= left - 1) {
            int row = __ffs(left) - 1;
            int64_t from = static_cast<int64_t>(scratch_row(__shfl_sync(ALL_LANES, mine.start, row))) * num_experts;
            for (int e = lane; e < num_experts; e += 32) {
                mine_at[e] = static_cast<unsigned>(scratch[from + e]);
            }
            Figures figures;
            unsigned blocks = measure(num_experts, round, sizes, lane, figures, [&](int e) { return mine_at[e]; });
            out.one(first + row, lane, blocks, figures);
        }
    }
}

}  // namespace moe
