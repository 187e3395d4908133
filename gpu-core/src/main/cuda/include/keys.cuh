// Ids as they lie in memory, and the keys that every kernel counts and sorts by.
//
// An id is read in one of seven types (IdType.ordinal() of the Java contract) and becomes a raw value: sign-extended,
// the all-ones code of the *_MASKED types as -1. A raw value becomes a key, a small dense number:
//   [0, bins)   the bins of the operator: experts, or what an expert map makes of them, behind `first` bins for masked ids
//   bins + 0    invalid: below -1 or not below num_experts; also positions beyond the end of a segment, which callers take
//               off again
//   bins + 1    masked (-1) and left out
//   bins + 2    left out by the expert map
// Keys that are left out sort behind all others and have counters of their own, so no kernel needs an error path, none
// indexes out of range whatever the ids are, and the host learns from `tally` how many ids were left out and why.
#pragma once
#include <cstdint>

#include "rank.cuh"

namespace moe {

enum IdType { INT8, INT16, INT32, UINT8, UINT16, UINT8_MASKED, UINT16_MASKED };
enum Cause { INVALID, MASKED, NON_LOCAL, CAUSES };

// Keys of one operator call. table: uint16 [num_experts + 2], the key of -1, of every expert, and of all other values; or
// null, where an expert's bin is its own number.
struct Keys {
    const void* ids;
    int type;
    int num_experts;
    int bins;   // K, `first` included
    int first;  // 1: masked ids have bin 0, else 0
    const uint16_t* table;

    __device__ __forceinline__ int counters() const { return bins + CAUSES; }
};

// Positions are 64 bits wide only where a batch may pass 2^31 ids; a batch of the contract does not.
__device__ __forceinline__ int unmask(int v, int code) { return v == code ? -1 : v; }

// Logarithm of an id's bytes, two bits a type: compilers make jump tables of plainer forms, which are slow to begin with.
__device__ __forceinline__ int log_bytes(int type) { return 0x1124 >> 2 * type & 3; }
__device__ __forceinline__ int bytes_of(int type) { return 1 << log_bytes(type); }

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

// The key of a raw value without a table. Every value that is no id is one number as unsigned.
__device__ __forceinline__ uint32_t plain_key(int v, const Keys& k) {
    uint32_t key = min(static_cast<uint32_t>(v + k.first), static_cast<uint32_t>(k.bins));
    return k.first == 0 && v == -1 ? k.bins + MASKED : key;
}

// Raw values are numbered -1, the experts, all others.
__device__ __forceinline__ uint32_t number_of(int v, const Keys& k) {
    return min(static_cast<uint32_t>(v + 1), static_cast<uint32_t>(k.num_experts + 1));
}

__device__ __forceinline__ uint32_t key_of_number(uint32_t number, const Keys& k) {
    return k.table != nullptr ? __ldg(k.table + number) : plain_key(static_cast<int>(number) - 1, k);
}

// The key of a raw value that may be anything.
__device__ __forceinline__ uint32_t key_of(int v, const Keys& k) {
    return k.table != nullptr ? __ldg(k.table + number_of(v, k)) : plain_key(v, k);
}

// The tally holds masked before invalid ones.
__device__ __forceinline__ int tally_slot(int cause) { return cause == NON_LOCAL ? 2 : 1 - cause; }

// Adds what one block counted of a cause; call with one thread a cause.
__device__ __forceinline__ void tally_add(unsigned long long* tally, int cause, uint32_t count) {
    if (count != 0) {
        atomicAdd(tally + tally_slot(cause), static_cast<unsigned long long>(count));
    }
}

constexpr uint32_t BEYOND = ~1u;  // -2: read as an id, positions beyond the end of a segment are invalid ones

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
        for (int i = 0; i < ITEMS; i++) v[i] = i * 32 < left ? p[i * 32] : BEYOND;
    }
}

// Starts loading the ids at, at + 32, ... of this lane, `items` of them (whole groups); `left` is the number of ids
// from this lane's first on (may be negative). Signs and codes are still to be seen to: only to_keys may touch the
// values, which may be in flight until then.
template <int ITEMS>
__device__ __forceinline__ void load_raw(uint32_t (&v)[ITEMS], const Keys& k, int64_t at, int left, int items) {
    int bytes = log_bytes(k.type);
    if (bytes == 2) {
        load_strided<uint32_t>(v, k.ids, at, left, items);
    } else if (bytes == 1) {
        load_strided<uint16_t>(v, k.ids, at, left, items);
    } else {
        load_strided<uint8_t>(v, k.ids, at, left, items);
    }
}

// Values of load_raw from this on may be negative or a code, or are no id of the operator.
__device__ __forceinline__ uint32_t plain_limit(const Keys& k) {
    uint32_t bits = static_cast<uint32_t>(0x10081f1f1f0f07ull >> 8 * k.type) & 0xff;  // of what the type can say plainly
    return k.table != nullptr ? 0 : min(static_cast<uint32_t>(k.num_experts), (1u << bits) - (k.type >= UINT8_MASKED));
}

// Whether load_raw leaves something to do before a value is a raw value: signs, and codes of masked ids.
__device__ __forceinline__ bool coded(int type) { return type < INT32 || type >= UINT8_MASKED; }

__device__ __forceinline__ int decoded(uint32_t v, int type) {
    int unsigned_bits = type == INT8 ? 24 : type == INT16 ? 16 : 0;
    int code = type == UINT8_MASKED ? 0xff : type == UINT16_MASKED ? 0xffff : -1;
    return unmask(static_cast<int>(v << unsigned_bits) >> unsigned_bits, code);
}

// What to_keys found in a warp. ODD: other than ids of bins, or a table was looked up. WIDE: a key of 2^BITS or more, so
// that one vote more is needed to tell keys apart.
enum Found { ODD = 1, WIDE = 2 };

// Turns the values of load_raw into keys, bins + INVALID beyond the end; returns the same in the whole warp. Ids that are what they should
// be take a maximum; a warp that holds another one, or looks up a table, goes the long way.
template <int BITS, int ITEMS>
__device__ __forceinline__ int to_keys(uint32_t (&v)[ITEMS], const Keys& k, int items) {
    uint32_t most = 0;
#pragma unroll
    for (int i = 0; i < ITEMS; i++) {
        if (i % group_of(ITEMS) == 0 && i >= items) break;
        most = max(most, v[i]);
    }
    if (!__any_sync(0xffffffffu, most >= plain_limit(k))) {
        if (k.first != 0) {
#pragma unroll
            for (int i = 0; i < ITEMS; i++) v[i]++;
        }
        return k.bins > 1 << BITS && __any_sync(0xffffffffu, most + k.first >> BITS) ? WIDE : 0;
    }
    if (coded(k.type)) {
#pragma unroll
        for (int i = 0; i < ITEMS; i++) {
            if (i % group_of(ITEMS) == 0 && i >= items) break;
            v[i] = decoded(v[i], k.type);
        }
    }
    most = 0;
    if (k.table != nullptr) {
#pragma unroll
        for (int i = 0; i < ITEMS; i++) {
            if (i % group_of(ITEMS) == 0 && i >= items) break;
            v[i] = __ldg(k.table + number_of(v[i], k));
        }
#pragma unroll
        for (int i = 0; i < ITEMS; i++) {
            if (i % group_of(ITEMS) == 0 && i >= items) break;
            most = max(most, v[i]);
        }
    } else {
#pragma unroll
        for (int i = 0; i < ITEMS; i++) {
            if (i % group_of(ITEMS) == 0 && i >= items) break;
            v[i] = plain_key(v[i], k);
            most = max(most, v[i]);
        }
    }
    return __any_sync(0xffffffffu, most >> BITS) ? ODD | WIDE : ODD;
}

}  // namespace moe
