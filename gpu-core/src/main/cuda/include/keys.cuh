// Ids as they lie in memory, and the keys that every kernel counts and sorts by.
//
// An id is read in one of seven types (IdType.ordinal() of the Java contract) and becomes a raw value: sign-extended,
// the all-ones code of the *_MASKED types as -1. A raw value becomes a key, a small dense number:
//   [0, bins)   the bins of the operator: experts, or what an expert map makes of them, behind `first` bins for masked ids
//   bins + 0    masked (-1) and left out
//   bins + 1    invalid: below -1 or not below num_experts
//   bins + 2    left out by the expert map; also positions beyond the end of a segment, which callers take off again
// Keys that are left out sort behind all others and have counters of their own, so no kernel needs an error path, none
// indexes out of range whatever the ids are, and the host learns from `tally` how many ids were left out and why.
#pragma once
#include <cstdint>

#include "rank.cuh"

namespace moe {

enum IdType { INT8, INT16, INT32, UINT8, UINT16, UINT8_MASKED, UINT16_MASKED };
enum Cause { MASKED, INVALID, NON_LOCAL, CAUSES };

// Keys of one operator call. table: int16 [num_experts], the bin (before `first` is added) of an expert or -1; or null.
struct Keys {
    const void* ids;
    int type;
    int num_experts;
    int bins;   // K, `first` included
    int first;  // 1: masked ids have bin 0, else 0
    const int16_t* table;

    __device__ __forceinline__ int counters() const { return bins + CAUSES; }
};

// Positions are 64 bits wide only where a batch may pass 2^31 ids; a batch of the contract does not.
__device__ __forceinline__ int unmask(int v, int code) { return v == code ? -1 : v; }

__device__ __forceinline__ int bytes_of(int type) {
    return type == INT32 ? 4 : (type == INT16 || type == UINT16 || type == UINT16_MASKED) ? 2 : 1;
}

// One id, whatever its type: for places that read few of them.
__device__ __forceinline__ int load_id(const void* ids, int type, int64_t at) {
    switch (type) {
        case INT8: return static_cast<const int8_t*>(ids)[at];
        case INT16: return static_cast<const int16_t*>(ids)[at];
        case INT32: return static_cast<const int32_t*>(ids)[at];
        case UINT8: return static_cast<const uint8_t*>(ids)[at];
        case UINT16: return static_cast<const uint16_t*>(ids)[at];
        case UINT8_MASKED: return unmask(static_cast<const uint8_t*>(ids)[at], 0xff);
        default: return unmask(static_cast<const uint16_t*>(ids)[at], 0xffff);
    }
}

// The key of a raw value that may be anything.
__device__ __forceinline__ uint32_t key_of(int v, const Keys& k) {
    uint32_t key = v == -1 ? (k.first ? 0 : k.bins + MASKED) : k.bins + INVALID;
    if (static_cast<uint32_t>(v) < static_cast<uint32_t>(k.num_experts)) {
        int bin = k.table == nullptr ? v : __ldg(k.table + v);
        key = bin < 0 ? k.bins + NON_LOCAL : bin + k.first;
    }
    return key;
}

// Adds what one block counted of a cause; call with one thread a cause.
__device__ __forceinline__ void tally_add(unsigned long long* tally, int cause, uint32_t count) {
    if (count != 0) {
        atomicAdd(tally + cause, static_cast<unsigned long long>(count));
    }
}

template <typename T, int ITEMS>
__device__ __forceinline__ void load_strided(uint32_t (&v)[ITEMS], const void* ids, int64_t at, int left, int items) {
    const T* p = static_cast<const T*>(ids) + at;
    if (left > (items - 1) * 32) {
#pragma unroll
        for (int i = 0; i < ITEMS; i++) {
            if (i % group_of(ITEMS) == 0 && i >= items) break;
            v[i] = p[i * 32];
        }
    } else {
#pragma unroll
        for (int i = 0; i < ITEMS; i++) v[i] = i * 32 < left ? p[i * 32] : 0;
    }
}

// Starts loading the ids at, at + 32, ... of this lane, `items` of them (whole groups); `left` is the number of ids
// from this lane's first on (may be negative). Signs and codes are still to be seen to: only to_keys may touch the
// values, which may be in flight until then.
template <int ITEMS>
__device__ __forceinline__ void load_raw(uint32_t (&v)[ITEMS], const Keys& k, int64_t at, int left, int items) {
    int bytes = bytes_of(k.type);
    if (bytes == 4) {
        load_strided<uint32_t>(v, k.ids, at, left, items);
    } else if (bytes == 2) {
        load_strided<uint16_t>(v, k.ids, at, left, items);
    } else {
        load_strided<uint8_t>(v, k.ids, at, left, items);
    }
}

// The values of load_raw from this on may be negative or a code, or are no id of the operator.
__device__ __forceinline__ uint32_t plain_limit(const Keys& k) {
    uint32_t experts = k.table == nullptr ? k.num_experts : 0;
    switch (k.type) {
        case INT8: return min(experts, 0x80u);
        case INT16: return min(experts, 0x8000u);
        case UINT8_MASKED: return min(experts, 0xffu);
        case UINT16_MASKED: return min(experts, 0xffffu);
        default: return experts;
    }
}

// Turns the values of load_raw into keys, bins + NON_LOCAL beyond the end; returns, the same in the whole warp, whether
// a key of 2^BITS or more is among them, so that one vote more is needed to tell them apart. An id that is what it
// should be takes a maximum; a warp that holds another one, or looks up a table, goes the long way.
template <int BITS, int ITEMS>
__device__ __forceinline__ bool to_keys(uint32_t (&v)[ITEMS], const Keys& k, int left, int items) {
    uint32_t most = left > (items - 1) * 32 ? 0u : ~0u;
#pragma unroll
    for (int i = 0; i < ITEMS; i++) {
        if (i % group_of(ITEMS) == 0 && i >= items) break;
        most = max(most, v[i]);
    }
    if (__any_sync(0xffffffffu, most >= plain_limit(k))) {
        int unsigned_bits = k.type == INT8 ? 24 : k.type == INT16 ? 16 : 0;
        int code = k.type == UINT8_MASKED ? 0xff : k.type == UINT16_MASKED ? 0xffff : -1;
        most = 0;
#pragma unroll
        for (int i = 0; i < ITEMS; i++) {
            if (i % group_of(ITEMS) == 0 && i >= items) break;
            int raw = static_cast<int>(v[i] << unsigned_bits) >> unsigned_bits;
            v[i] = i * 32 < left ? key_of(unmask(raw, code), k) : k.bins + NON_LOCAL;
            most = max(most, v[i]);
        }
        return __any_sync(0xffffffffu, most >> BITS);
    }
    if (k.first != 0) {
#pragma unroll
        for (int i = 0; i < ITEMS; i++) v[i]++;
    }
    return __any_sync(0xffffffffu, (most + k.first) >> BITS);
}

}  // namespace moe
