// Counters of slots, for expert_load.cu: the rows of counts in device memory, histograms of some slots in shared memory.
#pragma once
#include "count_long.cuh"

namespace moe {

constexpr int FREE = -1;

struct Load {
    const void* ids;
    const int* slots;
    unsigned long long* counts;
    unsigned long long* tally;
    int num_experts;
    int cached;  // a power of two, or 0

    __device__ __forceinline__ unsigned long long* row(int slot) const {
        return counts + static_cast<int64_t>(slot) * num_experts;
    }
};

struct Shared {
    uint16_t* listed;    // [group], segments of the group: longer ones from the front, shorter ones from the back
    int* tags;           // [cached], the slot that a cached histogram belongs to
    unsigned* cache;     // [cached][bins]
    unsigned* replicas;  // the block's histogram

    __device__ __forceinline__ Shared(unsigned* memory, int group, const Bins& bins, int cached)
        : listed(reinterpret_cast<uint16_t*>(memory)),
          tags(reinterpret_cast<int*>(memory + group / 2)),
          cache(memory + group / 2 + cached),
          replicas(cache + cached * bins.count()) {}
};

// The histogram that a slot has in the cache, or null.
__device__ __forceinline__ unsigned* claim(const Load& load, const Shared& shared, const Bins& bins, int slot) {
    if (load.cached == 0) {
        return nullptr;
    }
    int place = slot & (load.cached - 1);
    int holder = atomicCAS(shared.tags + place, FREE, slot);
    return holder == FREE || holder == slot ? shared.cache + place * bins.count() : nullptr;
}

// The slot that the block's histogram belongs to; what it holds is added up when the slot changes.
struct Current {
    int slot = FREE;

    template <int BYTES>
    __device__ __forceinline__ void turn_to(int next, const Load& load, unsigned* replicas, const Bins& bins) {
        if (slot != next && slot != FREE) {
            add_up<BYTES>(replicas, bins, load.row(slot), load.tally);
        }
        slot = next;
    }
};

// Adds the cached histograms to the counts of their slots.
__device__ __forceinline__ void add_cached(const Load& load, const Shared& shared, const Bins& bins) {
    __syncthreads();
    for (int place = threadIdx.x / 32; place < load.cached; place += blockDim.x / 32) {
        int slot = shared.tags[place];
        for (unsigned bin = threadIdx.x & 31; slot != FREE && bin < bins.count(); bin += 32) {
            add_bin(load.row(slot), load.tally, bins, bin, shared.cache[place * bins.count() + bin]);
        }
    }
}

}  // namespace moe
