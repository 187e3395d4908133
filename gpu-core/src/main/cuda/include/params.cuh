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

}  // namespace moe

#define MOE_KEY_PARAMS \
    const void *ids, int id_type, int num_experts, int bins, int first, const int16_t *table, const int *offsets
#define MOE_KEYS moe::Keys{ids, id_type, num_experts, bins, first, table}
