// Counting of large segments, shared by align, compact and expert-parallel preprocessing.
//
// large_count: a block a chunk, 512 threads; shared-memory histograms by raw id, several copies so that fewer lanes meet
// (dynamic shared memory: 4 * (copies * (num_experts + 2) + row) bytes). Plain shared atomics: equal ids of a warp are
// added in one operation by the hardware, so skewed ids are not slower. Writes the chunk's row of the table.
// large_scan: a block takes 32 keys of one segment, a warp a 32nd of its chunks, a lane a key: rows are read whole.
#include "include/large.cuh"
#include "include/visit.cuh"

namespace moe {
namespace {

constexpr int COUNT_THREADS = 512, SCAN_WARPS = 32;
constexpr int HELD = 10;  // counts a lane of large_scan keeps: 320 chunks a segment are read once

__device__ __forceinline__ void clear(uint32_t* words, int count) {
    for (int i = threadIdx.x; i < count; i += COUNT_THREADS) words[i] = 0;
}

__device__ __forceinline__ void large_count(const Keys& keys, const Share& share, int copies, uint32_t* row_out) {
    extern __shared__ uint32_t shared[];
    int raw = raw_counters(keys.num_experts), row = row_length(keys.bins);
    uint32_t* by_key = shared + copies * raw;
    clear(shared, copies * raw + row);
    __syncthreads();
    RawCounter mine{shared + (threadIdx.x >> 5) % copies * raw, static_cast<uint32_t>(raw - 1)};
    visit_ids<COUNT_THREADS>(keys, share.at + share.from, share.end - share.from, mine);
    __syncthreads();
    for (int i = threadIdx.x; i < raw; i += COUNT_THREADS) {
        uint32_t sum = 0;
        for (int c = 0; c < copies; c++) sum += shared[c * raw + i];
        if (sum != 0) atomicAdd(by_key + key_of_counter(i, keys), sum);
    }
    __syncthreads();
    for (int i = threadIdx.x; i < row; i += COUNT_THREADS) row_out[i] = by_key[i];
}

__device__ __forceinline__ void large_scan(
    uint32_t* table, int chunks, int row, int counters, int bins, uint32_t* totals, unsigned long long* tally) {
    __shared__ uint32_t sums[SCAN_WARPS][33];
    int lane = threadIdx.x & 31, warp = threadIdx.x >> 5, key = blockIdx.x * 32 + lane;
    int each = (chunks + SCAN_WARPS - 1) / SCAN_WARPS;
    int from = min(chunks, warp * each), end = min(chunks, from + each);
    uint32_t* column = table + key;
    auto load = [&](int c) { return key < row && c < end ? column[static_cast<int64_t>(c) * row] : 0; };
    uint32_t held[HELD], sum = 0;
#pragma unroll
    for (int i = 0; i < HELD; i++) held[i] = load(from + i);
#pragma unroll
    for (int i = 0; i < HELD; i++) sum += held[i];
#pragma unroll 4
    for (int c = from + HELD; c < end; c++) sum += load(c);
    sums[warp][lane] = sum;
    __syncthreads();
    uint32_t before = 0;
    for (int w = 0; w < warp; w++) before += sums[w][lane];
    for (int at = from; at < end; at += HELD) {
        if (at > from) {
#pragma unroll
            for (int i = 0; i < HELD; i++) held[i] = load(at + i);
        }
#pragma unroll
        for (int i = 0; i < HELD; i++) {
            if (key < row && at + i < end) column[static_cast<int64_t>(at + i) * row] = before;
            before += held[i];
        }
    }
    if (warp == SCAN_WARPS - 1 && key < counters) {
        totals[key] = before;
        if (key >= bins) tally_add(tally, key - bins, before);
    }
}

}  // namespace
}  // namespace moe

extern "C" __global__ void __launch_bounds__(moe::COUNT_THREADS) large_count(
    MOE_KEY_PARAMS, const moe::Chunk* work, int lone_ids, int chunk_ids, int copies, uint32_t* counts) {
    moe::Keys keys = MOE_KEYS;
    moe::Share share(work, offsets, lone_ids, chunk_ids);
    moe::large_count(keys, share, copies, counts + static_cast<int64_t>(blockIdx.x) * moe::row_length(bins));
}

// large_chunks: int32 [large segments + 1], the index of each one's first chunk; null for a batch of one segment.
extern "C" __global__ void __launch_bounds__(moe::SCAN_WARPS * 32) large_scan(
    int bins, const int* large_chunks, int lone_chunks, uint32_t* counts, uint32_t* totals,
    unsigned long long* tally) {
    int row = moe::row_length(bins), counters = bins + moe::CAUSES;
    int first = large_chunks == nullptr ? 0 : large_chunks[blockIdx.y];
    int chunks = large_chunks == nullptr ? lone_chunks : large_chunks[blockIdx.y + 1] - first;
    moe::large_scan(
        counts + static_cast<int64_t>(first) * row, chunks, row, counters, bins,
        totals + static_cast<int64_t>(blockIdx.y) * counters, tally);
}
