// Counting of large segments, shared by align, compact and expert-parallel preprocessing.
//
// large_count: a block a chunk, 512 threads; shared-memory histograms by raw id, several copies so that fewer lanes meet
// (dynamic shared memory: 4 * (copies * (num_experts + 2) + row) bytes). Plain shared atomics: equal ids of a warp are
// added in one operation by the hardware, so skewed ids are not slower. Writes the chunk's row of the table.
// large_scan: a block takes SCAN_KEYS keys of one segment, groups of so many lanes share its chunks.
#include "include/large.cuh"
#include "include/visit.cuh"

namespace moe {
namespace {

constexpr int COUNT_THREADS = 512, SCAN_THREADS = 256, SCAN_KEYS = 8,
              SCAN_GROUPS = SCAN_THREADS / SCAN_KEYS;
constexpr int HELD = 10;  // counts a lane of large_scan keeps: 320 chunks a segment are read once

__device__ __forceinline__ void clear(uint32_t* words, int count) {
    for (int i = threadIdx.x; i < count; i += COUNT_THREADS) words[i] = 0;
}

// The first piece of each thread is under way while counters are cleared.
__device__ __forceinline__ void prefetch(const Keys& keys, int64_t at, int count) {
    int log = log_bytes(keys.type);
    if (static_cast<int>(threadIdx.x) * 16 >= count << log) return;
    const char* p = static_cast<const char*>(keys.ids) + (at << log) + threadIdx.x * 16;
    asm volatile("prefetch.global.L2 [%0];" ::"l"(p));
}

__device__ __forceinline__ void large_count(const Keys& keys, const Share& share, int copies, uint32_t* row_out) {
    extern __shared__ uint32_t shared[];
    int raw = raw_counters(keys.num_experts), row = row_length(keys.bins);
    uint32_t* by_key = shared + copies * raw;
    prefetch(keys, share.at + share.from, share.end - share.from);
    clear(shared, copies * raw + row);
    __syncthreads();
    RawCounter mine{shared + (threadIdx.x >> 5) % copies * raw, static_cast<uint32_t>(raw - 1)};
    visit_ids<COUNT_THREADS>(keys, share.at + share.from, share.end - share.from, mine);
    __syncthreads();
    for (int i = threadIdx.x; i < raw; i += COUNT_THREADS) {
        uint32_t sum = 0;
        for (int c = 0; c < copies; c++) sum += shared[c * raw + i];
        if (sum != 0) atomicAdd(by_key + key_of_number(i, keys), sum);
    }
    __syncthreads();
    for (int i = threadIdx.x; i < row; i += COUNT_THREADS) row_out[i] = by_key[i];
}

// SCAN_GROUPS groups of lanes: a lane a key, a group an equal share of the chunks.
__device__ __forceinline__ void large_scan(
    uint32_t* table, int chunks, int row, int counters, int bins, uint32_t* totals, unsigned long long* tally) {
    __shared__ uint32_t sums[SCAN_THREADS / 32][SCAN_KEYS];
    int lane = threadIdx.x & 31, warp = threadIdx.x >> 5, group = threadIdx.x / SCAN_KEYS;
    int key = blockIdx.x * SCAN_KEYS + threadIdx.x % SCAN_KEYS, each = (chunks + SCAN_GROUPS - 1) / SCAN_GROUPS;
    int from = min(chunks, group * each), end = min(chunks, from + each);
    uint32_t* column = table + key;
    auto load = [&](int c) { return c < end ? column[static_cast<int64_t>(c) * row] : 0; };
    uint32_t held[HELD], sum = 0;
#pragma unroll
    for (int i = 0; i < HELD; i++) held[i] = load(from + i);
#pragma unroll
    for (int i = 0; i < HELD; i++) sum += held[i];
#pragma unroll 4
    for (int c = from + HELD; c < end; c++) sum += load(c);
    uint32_t upto = sum;
#pragma unroll
    for (int d = SCAN_KEYS; d < 32; d *= 2) {
        uint32_t y = __shfl_up_sync(ALL_LANES, upto, d);
        if (lane >= d) upto += y;
    }
    if (lane >= 32 - SCAN_KEYS) sums[warp][lane - (32 - SCAN_KEYS)] = upto;
    __syncthreads();
    uint32_t before = upto - sum;
#pragma unroll
    for (int w = 0; w < SCAN_THREADS / 32 - 1; w++) before += w < warp ? sums[w][lane % SCAN_KEYS] : 0;
    for (int at = from; at < end; at += HELD) {
        if (at > from) {
#pragma unroll
            for (int i = 0; i < HELD; i++) held[i] = load(at + i);
        }
#pragma unroll
        for (int i = 0; i < HELD; i++) {
            if (at + i < end) column[static_cast<int64_t>(at + i) * row] = before;
            before += held[i];
        }
    }
    if (group == SCAN_GROUPS - 1 && key < counters) {
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
extern "C" __global__ void __launch_bounds__(moe::SCAN_THREADS) large_scan(
    int bins, const int* large_chunks, int lone_chunks, uint32_t* counts, uint32_t* totals,
    unsigned long long* tally) {
    int row = moe::row_length(bins), counters = bins + moe::CAUSES;
    int first = large_chunks == nullptr ? 0 : large_chunks[blockIdx.y];
    int chunks = large_chunks == nullptr ? lone_chunks : large_chunks[blockIdx.y + 1] - first;
    moe::large_scan(
        counts + static_cast<int64_t>(first) * row, chunks, row, counters, bins,
        totals + static_cast<int64_t>(blockIdx.y) * counters, tally);
}
