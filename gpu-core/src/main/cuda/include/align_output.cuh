// What align writes, and how: entry by entry, or through a table of blocks.
#pragma once
#include "lookback.cuh"
#include "params.cuh"

namespace moe {

struct AlignOutput {
    int* sorted;
    int* experts;
    int* post_pad;
    long long* sorted_offsets;
    long long* expert_offsets;
    Status* status;  // [segments], then the ticket
    unsigned long long* tally;
};

struct PlaceInOrder {
    int* sorted;
    __device__ __forceinline__ void put(uint32_t position, int index, uint32_t) const { sorted[position] = index; }
};

// The padded output of a segment from its sorted ids in shared memory. Every 4 entries are one 16-byte store, most of them
// all sentinel: with many experts and few ids, writing is the whole cost. The block size is a multiple of 4.
struct BlockTable {
    const uint32_t* table;  // of a block: where its ids start | how many they are << 16
    const uint16_t* order;
    Blocks blocks;
    int sentinel, thread, threads;

    template <bool SHIFT>
    __device__ __forceinline__ void write(int* sorted, uint32_t entries) const {
        int4* to = settled(reinterpret_cast<int4*>(sorted) + thread);
#pragma unroll SHIFT ? 2 : 1
        for (uint32_t p = thread * 4; p < entries; p += threads * 4, to += threads) {
            uint32_t block = SHIFT ? p >> blocks.shift : p / static_cast<uint32_t>(blocks.size);
            uint32_t inside = SHIFT ? p & (blocks.size - 1) : p - block * blocks.size;
            uint32_t x = table[block];
            uint32_t from = (x & 0xffff) + inside;
            int ids = static_cast<int>(x >> 16) - static_cast<int>(inside);
            int4 y = make_int4(sentinel, sentinel, sentinel, sentinel);
            if (ids > 0) {
                y.x = order[from];
                if (ids > 1) y.y = order[from + 1];
                if (ids > 2) y.z = order[from + 2];
                if (ids > 3) y.w = order[from + 3];
            }
            __stcs(to, y);  // not read again here: the L2 cache is for the counters and the look-back
        }
    }
};

}  // namespace moe
