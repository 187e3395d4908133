// Counting a run of raw ids, read in 16-byte pieces, four pieces in flight a thread: what every counting pass does.
//
// Counters are by raw id, not by key: counter 0 is -1, counter 1 + id an id, counter num_experts + 1 all others. That
// takes an addition, a minimum and one shared-memory atomic an id, without a branch, whatever policies and maps are on;
// key_of_counter says afterwards what each counter belongs to. Atomics here only add, so no order shows.
#pragma once
#include <cstdint>

#include "keys.cuh"

namespace moe {

__device__ __forceinline__ int raw_counters(int num_experts) { return num_experts + 2; }

__device__ __forceinline__ uint32_t key_of_counter(int counter, const Keys& k) {
    return counter > k.num_experts ? k.bins + INVALID : key_of(counter - 1, k);
}

struct RawCounter {
    uint32_t* counters;
    uint32_t invalid;  // the last counter

    __device__ __forceinline__ void operator()(int v) const {
        atomicAdd(counters + min(static_cast<uint32_t>(v + 1), invalid), 1u);
    }
};

template <typename T, class F>
__device__ __forceinline__ void visit_vector(uint4 q, int code, F&& f) {
    const uint32_t word[4] = {q.x, q.y, q.z, q.w};
#pragma unroll
    for (int w = 0; w < 4; w++) {
#pragma unroll
        for (int j = 0; j < 4 / static_cast<int>(sizeof(T)); j++) {
            f(unmask(static_cast<T>(word[w] >> 8 * sizeof(T) * j), code));
        }
    }
}

template <typename T, int THREADS, class F>
__device__ __forceinline__ void visit_typed(const T* p, int count, int code, F&& f) {
    constexpr int PER = 16 / sizeof(T);
    int head = static_cast<int>((16 - (reinterpret_cast<uintptr_t>(p) & 15)) & 15) / static_cast<int>(sizeof(T));
    head = min(head, count);
    int vectors = (count - head) / PER;
    const uint4* body = reinterpret_cast<const uint4*>(p + head);
    int i = threadIdx.x;
    for (; i + 3 * THREADS < vectors; i += 4 * THREADS) {
        uint4 a = body[i], b = body[i + THREADS], c = body[i + 2 * THREADS], d = body[i + 3 * THREADS];
        visit_vector<T>(a, code, f);
        visit_vector<T>(b, code, f);
        visit_vector<T>(c, code, f);
        visit_vector<T>(d, code, f);
    }
    for (; i < vectors; i += THREADS) visit_vector<T>(body[i], code, f);
    int tail = head + vectors * PER;
    for (int j = threadIdx.x; j < head; j += THREADS) f(unmask(p[j], code));
    for (int j = tail + threadIdx.x; j < count; j += THREADS) f(unmask(p[j], code));
}

// Calls f(raw value) for the ids [at, at + count), each once, by the THREADS threads of a block.
template <int THREADS, class F>
__device__ __forceinline__ void visit_ids(const Keys& k, int64_t at, int count, F&& f) {
    switch (k.type) {
        case INT8: visit_typed<int8_t, THREADS>(static_cast<const int8_t*>(k.ids) + at, count, -1, f); break;
        case INT16: visit_typed<int16_t, THREADS>(static_cast<const int16_t*>(k.ids) + at, count, -1, f); break;
        case INT32: visit_typed<int32_t, THREADS>(static_cast<const int32_t*>(k.ids) + at, count, -1, f); break;
        case UINT8: 
        case UINT8_MASKED:
            visit_typed<uint8_t, THREADS>(
                static_cast<const uint8_t*>(k.ids) + at, count, k.type == UINT8_MASKED ? 0xff : -1, f);
            break;
        default:
            visit_typed<uint16_t, THREADS>(
                static_cast<const uint16_t*>(k.ids) + at, count, k.type == UINT16_MASKED ? 0xffff : -1, f);
    }
}

}  // namespace moe
