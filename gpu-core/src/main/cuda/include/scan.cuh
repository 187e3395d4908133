// Prefix sums over lanes, over a block's threads, and over the counter rows of a tile.
//
// scan_rows is the heart of a tile: the warps' counter rows (uint16, two keys in a 32-bit word) become tile-local
// positions: all of key 0 first, inside a key warp by warp. A thread takes one word, which is two keys, in all rows. A
// second sum runs along in the upper half of the same 32 bits: the blocks that a key's ids fill, never more than ids.
#pragma once
#include <cstdint>

#include "rank.cuh"

namespace moe {

template <typename T>
__device__ __forceinline__ T warp_inclusive(T x) {
    int lane = threadIdx.x & 31;
#pragma unroll
    for (int d = 1; d < 32; d <<= 1) {
        T y = __shfl_up_sync(ALL_LANES, x, d);
        if (lane >= d) x += y;
    }
    return x;
}

// Sum before this thread over the block's first `warps` warps; the whole block calls it. partial: [warps] words.
__device__ __forceinline__ uint32_t sum_before(uint32_t x, int warps, uint32_t* partial) {
    int warp = threadIdx.x >> 5;
    uint32_t before = 0;
    if (warp < warps) before = warp_inclusive(x);
    if (warps > 1) {
        if (warp < warps && (threadIdx.x & 31) == 31) partial[warp] = before;
        __syncthreads();
        for (int q = 0; warp < warps && q < warp; q++) before += partial[q];
    }
    return before - x;
}

// Exclusive sums of weight(i), i < count, into out[0 .. count]; the whole block calls it, partial: [32] words of shared
// memory. Ends with a barrier.
template <int THREADS, class Weight>
__device__ __forceinline__ void block_offsets(uint32_t* out, int count, uint32_t* partial, Weight weight) {
    int lane = threadIdx.x & 31, warp = threadIdx.x >> 5;
    uint32_t carry = 0;
    int from = 0;
    do {  // once even for nothing: out[0] has to be 0 then
        int i = from + threadIdx.x;
        uint32_t v = i < count ? weight(i) : 0, before = 0;
        if (from + warp * 32 < count) {
            before = warp_inclusive(v);
            if (lane == 31) partial[warp] = before;
        }
        __syncthreads();
        int busy = min(THREADS / 32, (count - from + 31) / 32);
        before += carry - v;
        for (int q = 0; q < busy; q++) {
            uint32_t x = partial[q];
            if (q < warp) before += x;
            carry += x;
        }
        if (i < count) out[i] = before;
        if (threadIdx.x == 0 && from + THREADS >= count) out[count] = carry;
        __syncthreads();
        from += THREADS;
    } while (from < count);
}

// rows: [WARPS][words] counters in, positions out. blocks(key, count) is the second sum's share of a key;
// visit(key, count, position, blocks before) is called once a key. HELD: rows whose
// counts a thread keeps, the others are read twice. partial: [32] words. The whole block calls it, with a
// barrier before and after.
template <int WARPS, int HELD, class Blocks, class Visit>
__device__ __forceinline__ void scan_rows(uint32_t* rows, int words, uint32_t* partial, Blocks blocks, Visit visit) {
    constexpr int THREADS = WARPS * 32;
    uint32_t carry = 0;
    for (int from = 0; from < words; from += THREADS) {
        int word = from + threadIdx.x, busy = min(WARPS, (words - from + 31) / 32);
        bool mine = word < words;
        uint32_t* column = rows + word;
        uint32_t held[HELD + 1], sum = 0;
        if (mine) {
#pragma unroll
            for (int q = 0; q < HELD; q++) sum += held[q] = column[q * words];
#pragma unroll 8
            for (int q = HELD; q < WARPS; q++) sum += column[q * words];
        }
        uint32_t c0 = sum & 0xffff, c1 = sum >> 16;
        uint32_t b0 = blocks(2 * word, c0), b1 = blocks(2 * word + 1, c1);
        uint32_t before = carry + sum_before((c0 + c1) | (b0 + b1) << 16, busy, partial);
        if (from + THREADS < words) {
            for (int q = 0; q < busy; q++) carry += partial[q];
            __syncthreads();
        }
        if (mine) {
            uint32_t at0 = before & 0xffff, at1 = at0 + c0;
            visit(2 * word, c0, at0, before >> 16);
            visit(2 * word + 1, c1, at1, (before >> 16) + b0);
            uint32_t run = at0 | at1 << 16;
#pragma unroll
            for (int q = 0; q < HELD; q++) {
                column[q * words] = run;
                run += held[q];
            }
#pragma unroll 8
            for (int q = HELD; q < WARPS; q++) {
                uint32_t c = column[q * words];
                column[q * words] = run;
                run += c;
            }
        }
    }
}

}  // namespace moe
