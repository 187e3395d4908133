// Where the lists of segments begin that lost ids: kept_counts counts the ids each segment keeps, segment_offsets turns
// sizes into offsets. Compact and expert-parallel preprocessing need them only where ids may be left out.
#include "include/lookback.cuh"
#include "include/params.cuh"
#include "include/scan.cuh"

namespace moe {
namespace {

constexpr int THREADS = 256, ITEMS = 8;

// warps: of this block that share a segment, 1 or 8.
__device__ __forceinline__ void kept_counts(
    const Keys& keys, const int* offsets, int segments, int warps, uint32_t from_bin, const int* large, int larges,
    const uint32_t* totals, int* kept) {
    int worker = blockIdx.x * (THREADS / 32) + (threadIdx.x >> 5), lane = threadIdx.x & 31;
    int s = worker / warps, part = worker % warps;
    if (s >= segments) return;
    uint32_t sum = 0;
    const uint32_t* counted = larges > 0 ? large_totals(large, larges, s, totals, keys.counters()) : nullptr;
    if (counted != nullptr) {
        for (int bin = from_bin + part * 32 + lane; bin < keys.bins; bin += warps * 32) sum += counted[bin];
    } else {
        int begin = offsets[s], length = offsets[s + 1] - begin;
        for (int from = part * 32 * ITEMS; from < length; from += warps * 32 * ITEMS) {
            uint32_t v[ITEMS];
            int left = length - from - lane;
            load_raw<ITEMS>(v, keys, static_cast<int64_t>(begin) - offsets[0] + from + lane, left, ITEMS);
            to_keys<10>(v, keys, ITEMS);
#pragma unroll
            for (int i = 0; i < ITEMS; i++) sum += v[i] >= from_bin && v[i] < static_cast<uint32_t>(keys.bins);
        }
    }
    sum = static_cast<uint32_t>(warp_sum(sum));
    if (lane == 0 && sum != 0) atomicAdd(kept + s, static_cast<int>(sum));
}

__device__ __forceinline__ void segment_offsets(const int* sizes, int segments, int* offsets, Status* status) {
    __shared__ int tile;
    __shared__ uint32_t partial[32];
    __shared__ long long base;
    int tiles = (segments + THREADS * ITEMS - 1) / (THREADS * ITEMS);
    if (threadIdx.x == 0) tile = static_cast<int>(atomicAdd(status + tiles, 1ull));
    __syncthreads();
    int from = (tile * THREADS + threadIdx.x) * ITEMS, lane = threadIdx.x & 31, warp = threadIdx.x >> 5;
    uint32_t size[ITEMS], sum = 0;
#pragma unroll
    for (int i = 0; i < ITEMS; i++) {
        size[i] = from + i < segments ? sizes[from + i] : 0;
        sum += size[i];
    }
    uint32_t before = warp_inclusive(sum);
    if (lane == 31) partial[warp] = before;
    __syncthreads();
    uint32_t total = 0;
    for (int q = 0; q < THREADS / 32; q++) {
        if (q < warp) before += partial[q];
        total += partial[q];
    }
    if (warp == 0) {
        if (lane == 0) publish(status, tile, tile == 0 ? PREFIX : SIZE, total);
        int64_t sums = tile == 0 ? 0 : look_back(status, tile, total);
        if (lane == 0) base = sums;
    }
    __syncthreads();
    before += static_cast<uint32_t>(base) - sum;
#pragma unroll
    for (int i = 0; i < ITEMS; i++) {
        if (from + i <= segments) offsets[from + i] = before;
        before += size[i];
    }
    if (tile == tiles - 1 && threadIdx.x == 0) offsets[segments] = static_cast<int>(base + total);
}

}  // namespace
}  // namespace moe

extern "C" __global__ void __launch_bounds__(moe::THREADS) kept_counts(
    MOE_KEY_PARAMS, int segments, int warps, int from_bin, const int* large, int larges, const uint32_t* totals,
    int* kept) {
    moe::kept_counts(MOE_KEYS, offsets, segments, warps, from_bin, large, larges, totals, kept);
}

extern "C" __global__ void __launch_bounds__(moe::THREADS) segment_offsets(
    const int* sizes, int segments, int* offsets, unsigned long long* status) {
    moe::segment_offsets(sizes, segments, offsets, status);
}
