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
    if (v == -1) {
        return k.first ? 0 : k.bins + MASKED;
    }
    if (static_cast<uint32_t>(v) >= static_cast<uint32_t>(k.num_experts)) {
        return k.bins + INVALID;
    }
    if (k.table == nullptr) {
        return v + k.first;
    }
    int bin = __ldg(k.table + v);
    return bin < 0 ? k.bins + NON_LOCAL : bin + k.first;
}

// The key of a raw value where there is no table: one compare for all that is well.
__device__ __forceinline__ uint32_t plain_key(int v, const Keys& k) {
    uint32_t key = static_cast<uint32_t>(v + k.first);
    return key < static_cast<uint32_t>(k.bins) ? key : key_of(v, k);
}

// Adds what one block counted of a cause; call with one thread a cause.
__device__ __forceinline__ void tally_add(unsigned long long* tally, int cause, uint32_t count) {
    if (count != 0) {
        atomicAdd(tally + cause, static_cast<unsigned long long>(count));
    }
}

template <typename T, int ITEMS>
__device__ __forceinline__ void load_strided(uint32_t (&v)[ITEMS], const T* p, int left) {
    if (left > (ITEMS - 1) * 32) {
#pragma unroll
        for (int i = 0; i < ITEMS; i++) v[i] = static_cast<uint32_t>(static_cast<int>(p[i * 32]));
    } else {
#pragma unroll
        for (int i = 0; i < ITEMS; i++) v[i] = i * 32 < left ? static_cast<uint32_t>(static_cast<int>(p[i * 32])) : 0u;
    }
}

// Raw values of positions at, at + 32, ... of this lane; `left` is the number of ids from this lane's first on (may be
// negative). Values beyond the end are 0 and become keys by to_keys. The switch is uniform and outside the loops.
template <int ITEMS>
__device__ __forceinline__ void load_raw(uint32_t (&v)[ITEMS], const Keys& k, int64_t at, int left) {
    switch (k.type) {
        case INT8: load_strided(v, static_cast<const int8_t*>(k.ids) + at, left); break;
        case INT16: load_strided(v, static_cast<const int16_t*>(k.ids) + at, left); break;
        case INT32: load_strided(v, static_cast<const int32_t*>(k.ids) + at, left); break;
        case UINT8:
        case UINT8_MASKED: load_strided(v, static_cast<const uint8_t*>(k.ids) + at, left); break;
        default: load_strided(v, static_cast<const uint16_t*>(k.ids) + at, left); break;
    }
    if (k.type >= UINT8_MASKED) {
        uint32_t code = k.type == UINT8_MASKED ? 0xffu : 0xffffu;
#pragma unroll
        for (int i = 0; i < ITEMS; i++) v[i] = v[i] == code ? 0xffffffffu : v[i];
    }
}

// Turns the raw values of load_raw into keys; returns, the same in the whole warp, whether a key of 2^BITS or more is
// among them, so that one vote more is needed to tell keys apart. Clean input takes an addition and a maximum an id.
template <int BITS, int ITEMS>
__device__ __forceinline__ bool to_keys(uint32_t (&v)[ITEMS], const Keys& k, int left) {
    uint32_t most = left > (ITEMS - 1) * 32 && k.table == nullptr ? 0u : ~0u;
#pragma unroll
    for (int i = 0; i < ITEMS; i++) most = max(most, v[i] + k.first);
    if (__any_sync(0xffffffffu, most >= static_cast<uint32_t>(k.bins))) {
        most = 0;
#pragma unroll
        for (int i = 0; i < ITEMS; i++) {
            v[i] = i * 32 < left ? key_of(static_cast<int>(v[i]), k) : k.bins + NON_LOCAL;
            most = max(most, v[i]);
        }
        return __any_sync(0xffffffffu, most >> BITS);
    }
#pragma unroll
    for (int i = 0; i < ITEMS; i++) v[i] += k.first;
    return __any_sync(0xffffffffu, most >> BITS);
}

}  // namespace moe
