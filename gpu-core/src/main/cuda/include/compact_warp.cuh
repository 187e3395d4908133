// The compact order of one segment by one warp.
//
// A warp ranks up to 512 ids in registers and puts their order in shared memory, no barrier anywhere; with thousands of
// short segments that beats a block each. More ids (up to 65,535) are counted first; then the counters begin with the
// bins' positions and ranks are places, in shared memory up to 1,024 ids, else in the output.
#pragma once
#include "params.cuh"
#include "tile_memory.cuh"
#include "scan.cuh"

namespace moe {

struct CompactOutput {
    const int* out_offsets;
    void* sorted;
    void* bin_offsets;
    int narrow;

    __device__ __forceinline__ int64_t base(int s) const { return out_offsets[s] - out_offsets[0]; }
    __device__ __forceinline__ void store(void* to, int64_t at, uint32_t x) const {
        if (narrow) {
            static_cast<uint16_t*>(to)[at] = static_cast<uint16_t>(x);
        } else {
            static_cast<uint32_t*>(to)[at] = x;
        }
    }
};

// Eight neighbouring values in one or two 16-byte stores.
__device__ __forceinline__ void store_eight(const CompactOutput& out, int64_t at, const uint16_t* values) {
    uint4 x = *reinterpret_cast<const uint4*>(values);
    if (out.narrow) {
        *reinterpret_cast<uint4*>(static_cast<uint16_t*>(out.sorted) + at) = x;
    } else {
        uint4* to = reinterpret_cast<uint4*>(static_cast<uint32_t*>(out.sorted) + at);
        to[0] = make_uint4(x.x & 0xffff, x.x >> 16, x.y & 0xffff, x.y >> 16);
        to[1] = make_uint4(x.z & 0xffff, x.z >> 16, x.w & 0xffff, x.w >> 16);
    }
}

template <int BITS>
struct WarpSegment {
    static constexpr int ITEMS = 16, TILE = 32 * ITEMS, ORDERED = 2 * TILE;

    const Keys& keys;
    const CompactOutput& out;
    uint16_t* counters;
    uint16_t* order;
    int row, segment, length;
    int64_t at;
    unsigned long long* tally;

    __device__ __forceinline__ void run() {
        int lane = threadIdx.x & 31;
        bool single = length <= TILE;
        Ranker ranker(counters);
        int64_t base = out.base(segment);
        uint32_t v[ITEMS];
        for (int pass = single ? 1 : 0; pass < 2; pass++) {
            for (int from = 0; from < max(length, 1); from += TILE) {
                int left = length - from - lane;
                load_raw<ITEMS>(v, keys, at + from + lane, left, ITEMS);
                if (from == 0 && (pass == 0 || single)) clear_row(counters, row);
                bool wide = to_keys<BITS>(v, keys, ITEMS) & WIDE;
                if (pass == 0) {
                    count(v, left);
                    continue;
                }
                ranker.template rank<BITS>(v, wide, ITEMS);
                if (!single && length <= ORDERED) {
                    order_tile(v, from, left);
                } else if (!single) {
                    put(v, from, left, base);
                }
            }
            if (pass == 0 || single) finish_counts(single ? TILE - length : 0);
        }
        if (length > ORDERED || length == 0) return;
        if (single) {
#pragma unroll
            for (int i = 0; i < ITEMS; i++) order[ranker.counter(v[i] & 0xffff) + (v[i] >> 16)] = lane + i * 32;
        }
        __syncwarp();
        write(base, single ? counters[keys.bins] : counters[keys.bins - 1]);  // the last bin's ids end where it did count to
        __syncwarp();
    }

  private:
    __device__ __forceinline__ void count(const uint32_t (&v)[ITEMS], int left) {
        uint32_t* words = reinterpret_cast<uint32_t*>(counters);
#pragma unroll
        for (int i = 0; i < ITEMS; i++) {
            if (i * 32 < left) atomicAdd(words + (v[i] >> 1), v[i] & 1 ? 0x10000u : 1u);
        }
    }

    __device__ __forceinline__ void order_tile(const uint32_t (&v)[ITEMS], int from, int left) {
#pragma unroll
        for (int i = 0; i < ITEMS; i++) {
            if (i * 32 < left) order[v[i] >> 16] = from + (threadIdx.x & 31) + i * 32;
        }
    }

    __device__ __forceinline__ void put(const uint32_t (&v)[ITEMS], int from, int left, int64_t base) {
#pragma unroll
        for (int i = 0; i < ITEMS; i++) {
            bool kept = i * 32 < left && (v[i] & 0xffff) < static_cast<uint32_t>(keys.bins);
            if (kept) out.store(out.sorted, base + (v[i] >> 16), from + (threadIdx.x & 31) + i * 32);
        }
    }

    // Counts become positions, a lane an equal share of the row; bins' offsets are written.
    __device__ __forceinline__ void finish_counts(int beyond) {
        int lane = threadIdx.x & 31;
        __syncwarp();
        if (lane < CAUSES) tally_add(tally, lane, counters[keys.bins + lane] - (lane == INVALID ? beyond : 0));
        __syncwarp();
        uint32_t* words = reinterpret_cast<uint32_t*>(counters);
        int each = (row / 2 + 31) / 32, from = lane * each, end = min(row / 2, from + each);
        uint32_t sum = 0;
#pragma unroll 1
        for (int i = from; i < end; i++) sum += (words[i] & 0xffff) + (words[i] >> 16);
        uint32_t before = warp_inclusive(sum) - sum;
#pragma unroll 1
        for (int i = from; i < end; i++) {
            uint32_t x = words[i], second = before + (x & 0xffff);
            words[i] = before | second << 16;
            before = second + (x >> 16);
        }
        __syncwarp();
        write_offsets();
        __syncwarp();
    }

    // Where bins begin: 16-bit values two at a time, from the first even place on.
    __device__ __forceinline__ void write_offsets() const {
        int lane = threadIdx.x & 31, count = keys.bins + 1;
        int64_t to = static_cast<int64_t>(segment) * count;
        if (!out.narrow) {
            int* offsets = static_cast<int*>(out.bin_offsets) + to;
            for (int i = lane; i < count; i += 32) offsets[i] = counters[i];
            return;
        }
        uint16_t* offsets = static_cast<uint16_t*>(out.bin_offsets) + to;
        int head = static_cast<int>(to & 1), pairs = (count - head) / 2;
        uint32_t* to_pairs = reinterpret_cast<uint32_t*>(offsets + head);
        const uint16_t* from = counters + head;
        for (int i = lane; i < pairs; i += 32) to_pairs[i] = from[2 * i] | static_cast<uint32_t>(from[2 * i + 1]) << 16;
        if (lane == 0 && head) offsets[0] = counters[0];
        if (lane == 1 && head + 2 * pairs < count) offsets[count - 1] = counters[count - 1];
    }

    __device__ __forceinline__ void write(int64_t base, int kept) {
        int lane = threadIdx.x & 31, whole = base % 8 == 0 ? kept & ~7 : 0;
        for (int j = lane * 8; j < whole; j += 256) store_eight(out, base + j, order + j);
        for (int j = whole + lane; j < kept; j += 32) out.store(out.sorted, base + j, order[j]);
    }
};

}  // namespace moe
