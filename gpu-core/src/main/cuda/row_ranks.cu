// Rows of up to 32 ids, all of one length, by the million: for every slot, how many earlier slots of its row name the
// same expert, and for every row how many different experts it names. A thread a row; no counters, only compares.
//
// Ids that are masked, invalid or left out by a map get rank 255, do not count, and are tallied. Rows of 8 ids are read in
// 16-byte pieces where ids are aligned to 16 bytes; others an id at a time, from the first-level cache.
#include "include/keys.cuh"
#include "include/params.cuh"

namespace moe {
namespace {

constexpr int THREADS = 256, ROW = 8;

template <typename T>
__device__ __forceinline__ void load_row(uint32_t (&v)[ROW], const void* ids, int64_t at) {
    constexpr int WORDS = ROW * sizeof(T) / 4;
    uint32_t word[WORDS];
    const uint32_t* p = reinterpret_cast<const uint32_t*>(static_cast<const T*>(ids) + at);
    if (WORDS >= 4) {
#pragma unroll
        for (int i = 0; i < WORDS / 4; i++) reinterpret_cast<uint4*>(word)[i] = reinterpret_cast<const uint4*>(p)[i];
    } else {
        *reinterpret_cast<uint2*>(word) = *reinterpret_cast<const uint2*>(p);
    }
#pragma unroll
    for (int i = 0; i < ROW; i++) {
        v[i] = static_cast<T>(word[i * sizeof(T) / 4] >> 8 * (i * sizeof(T) % 4));
    }
}

__device__ __forceinline__ void count_left_out(uint32_t key, const Keys& k, unsigned long long* tally) {
    if (key >= static_cast<uint32_t>(k.bins)) tally_add(tally, key - k.bins, 1);
}

// Two words of four ranks each, of values that all count: a predicated add a pair. Ranks of a row of 8 stay below 8.
__device__ __forceinline__ uint2 ranks_of(const uint32_t (&v)[ROW]) {
    uint32_t word[2] = {0, 0};
#pragma unroll
    for (int i = 1; i < ROW; i++) {
#pragma unroll
        for (int j = 0; j < i; j++) {
            if (v[j] == v[i]) word[i / 4] += 1u << 8 * (i % 4);
        }
    }
    return make_uint2(word[0], word[1]);
}

// A row with ids that are left out, or with a table.
__device__ __forceinline__ uint2
odd_row(uint32_t (&v)[ROW], const Keys& k, unsigned long long* tally) {
    uint32_t left_out = 0;
#pragma unroll
    for (int i = 0; i < ROW; i++) {
        v[i] = key_of(decoded(v[i], k.type), k);
        if (v[i] < static_cast<uint32_t>(k.bins)) continue;
        count_left_out(v[i], k, tally);
        v[i] = ALL_LANES - i;  // equal to no other
        left_out |= 1u << i;
    }
    uint2 ranks = ranks_of(v);
#pragma unroll
    for (int i = 0; i < ROW; i++) {
        if (left_out >> i & 1) (i < 4 ? ranks.x : ranks.y) |= 255u << 8 * (i % 4);
    }
    return ranks;
}

__device__ __forceinline__ void row_of_eight(
    const Keys& k, int64_t row, uint8_t* ranks, uint8_t* distinct, unsigned long long* tally) {
    uint32_t v[ROW];
    int bytes = log_bytes(k.type);
    if (bytes == 2) {
        load_row<uint32_t>(v, k.ids, row * ROW);
    } else if (bytes == 1) {
        load_row<uint16_t>(v, k.ids, row * ROW);
    } else {
        load_row<uint8_t>(v, k.ids, row * ROW);
    }
    uint32_t most = 0;
#pragma unroll
    for (int i = 0; i < ROW; i++) most = max(most, v[i]);
    uint2 found = most < plain_limit(k) ? ranks_of(v) : odd_row(v, k, tally);
    // What repeats an earlier slot or is left out has a rank other than 0: its byte's sum has the top bit.
    uint32_t x = (found.x & 0x07070707u) + 0x7f7f7f7fu, y = (found.y & 0x07070707u) + 0x7f7f7f7fu;
    *reinterpret_cast<uint2*>(ranks + row * ROW) = found;
    distinct[row] = ROW - __popc((x & 0x80808080u) >> 1 | (y & 0x80808080u));
}

__device__ __forceinline__ void row_of_any(
    const Keys& k, int64_t row, int length, uint8_t* ranks, uint8_t* distinct, unsigned long long* tally) {
    uint32_t different = 0;
    for (int i = 0; i < length; i++) {
        uint32_t key = key_of(load_id(k.ids, k.type, row * length + i), k), rank = 0;
        bool in = key < static_cast<uint32_t>(k.bins);
        for (int j = 0; in && j < i; j++) rank += key_of(load_id(k.ids, k.type, row * length + j), k) == key;
        different += in && rank == 0;
        count_left_out(key, k, tally);
        ranks[row * length + i] = in ? rank : 255;
    }
    distinct[row] = different;
}

}  // namespace
}  // namespace moe

extern "C" __global__ void __launch_bounds__(moe::THREADS) row_ranks(
    MOE_KEY_PARAMS, int rows, int length, uint8_t* ranks, uint8_t* distinct, unsigned long long* tally) {
    int64_t row = static_cast<int64_t>(blockIdx.x) * moe::THREADS + threadIdx.x;
    if (row >= rows) return;
    bool aligned = (reinterpret_cast<uintptr_t>(ids) & 15) == 0 && (reinterpret_cast<uintptr_t>(ranks) & 7) == 0;
    if (length == moe::ROW && aligned) {
        moe::row_of_eight(MOE_KEYS, row, ranks, distinct, tally);
    } else {
        moe::row_of_any(MOE_KEYS, row, length, ranks, distinct, tally);
    }
}
