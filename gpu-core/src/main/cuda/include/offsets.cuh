// Arrow offsets from the number of elements of each list, by one block: lists are few beside what they hold.
#pragma once
#include <cstdint>

#include "scan.cuh"

namespace moe {

constexpr int OFFSETS_THREADS = 1024;
constexpr int OFFSETS_ITEMS = 4;

// Writes offsets[0 .. n] of the lists' elements and scaled[0 .. n], `scale` times as many; returns the total to all
// threads. An int32 offset is meaningless beyond 2^31 - 1: the host refuses such a total.
__device__ __forceinline__ long long
write_offsets(const long long* elements, int n, int* offsets, int scale, int* scaled) {
    __shared__ long long of_warp[OFFSETS_THREADS / 32];
    unsigned lane = threadIdx.x & 31;
    long long carry = 0;
    for (int64_t tile = 0; tile <= n; tile += OFFSETS_THREADS * OFFSETS_ITEMS) {
        int64_t at = tile + static_cast<int64_t>(threadIdx.x) * OFFSETS_ITEMS;
        long long item[OFFSETS_ITEMS];
        long long sum = 0;
#pragma unroll
        for (int i = 0; i < OFFSETS_ITEMS; i++) {
            item[i] = at + i < n ? elements[at + i] : 0;
            sum += item[i];
        }
        long long through = warp_inclusive(sum);
        if (lane == 31) {
            of_warp[threadIdx.x / 32] = through;
        }
        __syncthreads();
        long long warps = warp_inclusive(of_warp[lane]);
        long long warp = threadIdx.x / 32 == 0 ? 0 : __shfl_sync(ALL_LANES, warps, threadIdx.x / 32 - 1);
        long long before = carry + warp + through - sum;
        carry += __shfl_sync(ALL_LANES, warps, 31);
#pragma unroll
        for (int i = 0; i < OFFSETS_ITEMS; i++) {
            if (at + i <= n) {
                offsets[at + i] = static_cast<int>(before);
                if (scaled != nullptr) {
                    scaled[at + i] = static_cast<int>(before * scale);
                }
            }
            before += item[i];
        }
        __syncthreads();
    }
    return carry;
}

// The last of offsets[0 .. n) that is not above `position`; its list holds the position where lists may be empty too.
template <typename T>
__device__ __forceinline__ int list_of(const T* offsets, int n, T position) {
    int lo = 0;
    int hi = n;
    while (hi - lo > 1) {
        int middle = lo + (hi - lo) / 2;
        if (__ldg(offsets + middle) <= position) {
            lo = middle;
        } else {
            hi = middle;
        }
    }
    return lo;
}

}  // namespace moe
