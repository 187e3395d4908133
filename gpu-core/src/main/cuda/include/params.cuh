// Parameters that many kernels share, in the order in which the host passes them, and what they say.
#pragma once
#include <cstdint>

#include "keys.cuh"

namespace moe {

// Division of block counts: block sizes that are powers of two shift.
struct Blocks {
    int size, shift;  // shift: -1 where size is no power of two

    __device__ __forceinline__ explicit Blocks(int size)
        : size(size), shift((size & (size - 1)) == 0 ? 31 - __clz(size) : -1) {}

    __device__ __forceinline__ uint32_t whole(uint32_t x) const {
        return shift >= 0 ? x >> shift : x / static_cast<uint32_t>(size);
    }

    // Blocks that hold `count` ids.
    __device__ __forceinline__ uint32_t of(uint32_t count) const { return count == 0 ? 0 : whole(count - 1) + 1; }
};

// What is written for a bin.
__device__ __forceinline__ int value_of(int bin, int first, const int* key_value) {
    return key_value == nullptr ? bin - first : __ldg(key_value + bin);
}

// The large segment's totals, or null. `large` is sorted by segment.
__device__ __forceinline__ const uint32_t* large_totals(
    const int* large, int larges, int segment, const uint32_t* totals, int counters) {
    int lo = 0, hi = larges;
    while (lo < hi) {
        int mid = (lo + hi) >> 1;
        if (large[mid] < segment) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    return lo < larges && large[lo] == segment ? totals + static_cast<int64_t>(lo) * counters : nullptr;
}

}  // namespace moe

#define MOE_KEY_PARAMS \
    const void *ids, int id_type, int num_experts, int bins, int first, const uint16_t *table, const int *offsets
#define MOE_KEYS moe::Keys{ids, id_type, num_experts, bins, first, table}
