// Counting a run of raw ids, read in 16-byte pieces, four pieces in flight a thread: what every counting pass does.
//
// Counters are by the number of a raw value (number_of), not by key. That
// takes an addition, a minimum and one shared-memory atomic an id, without a branch, whatever policies and maps are on;
// key_of_number says afterwards what each counter belongs to. Atomics here only add, so no order shows.
#pragma once
#include <cstdint>

#include "keys.cuh"

namespace moe {

__device__ __forceinline__ int raw_counters(int num_experts) { return num_experts + 2; }

struct RawCounter {
    uint32_t* counters;
    uint32_t invalid;  // the last counter

    __device__ __forceinline__ void operator()(int v) const {
        atomicAdd(counters + min(static_cast<uint32_t>(v + 1), invalid), 1u);
    }
};

// CODE: of masked ids, or none (-1 is read as it is).
template <typename T, int CODE, class F>
__device__ __forceinline__ void visit_one(T v, F&& f) {
    f(CODE == -1 ? v : unmask(v, CODE));
}

template <typename T, int CODE, class F>
__device__ __forceinline__ void visit_vector(uint4 q, F&& f) {
    const uint32_t word[4] = {q.x, q.y, q.z, q.w};
#pragma unroll
    for (int w = 0; w < 4; w++) {
#pragma unroll
        for (int j = 0; j < 4 / static_cast<int>(sizeof(T)); j++) {
            visit_one<T, CODE>(static_cast<T>(word[w] >> 8 * sizeof(T) * j), f);
        }
    }
}

template <typename T, int CODE, int THREADS, class F>
__device__ __forceinline__ void visit_typed(const Keys& k, int64_t at, int count, F&& f) {
    constexpr int PER = 16 / sizeof(T);
    const T* p = static_cast<const T*>(k.ids) + at;
    int head = static_cast<int>((16 - (reinterpret_cast<uintptr_t>(p) & 15)) & 15) / static_cast<int>(sizeof(T));
    head = min(head, count);
    int vectors = (count - head) / PER;
    const uint4* body = reinterpret_cast<const uint4*>(p + head);
    int i = threadIdx.x;
    for (; i + 3 * THREADS < vectors; i += 4 * THREADS) {
        uint4 q[4];
#pragma unroll
        for (int j = 0; j < 4; j++) q[j] = body[i + j * THREADS];
#pragma unroll
        for (int j = 0; j < 4; j++) visit_vector<T, CODE>(q[j], f);
    }
    for (; i < vectors; i += THREADS) visit_vector<T, CODE>(body[i], f);
    int rest = count - vectors * PER;  // before the vectors and behind them
    for (int j = threadIdx.x; j < rest; j += THREADS) visit_one<T, CODE>(p[j < head ? j : j + vectors * PER], f);
}

// Calls f(raw value) for the ids [at, at + count), each once, by the THREADS threads of a block.
template <int THREADS, class F>
__device__ __forceinline__ void visit_ids(const Keys& k, int64_t at, int count, F&& f) {
    switch (k.type) {
        case INT8: visit_typed<int8_t, -1, THREADS>(k, at, count, f); break;
        case INT16: visit_typed<int16_t, -1, THREADS>(k, at, count, f); break;
        case INT32: visit_typed<int32_t, -1, THREADS>(k, at, count, f); break;
        case UINT8: visit_typed<uint8_t, -1, THREADS>(k, at, count, f); break;
        case UINT16: visit_typed<uint16_t, -1, THREADS>(k, at, count, f); break;
        case UINT8_MASKED: visit_typed<uint8_t, 0xff, THREADS>(k, at, count, f); break;
        default: visit_typed<uint16_t, 0xffff, THREADS>(k, at, count, f);
    }
}

}  // namespace moe
