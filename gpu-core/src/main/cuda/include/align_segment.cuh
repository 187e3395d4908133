// One segment of moe_align_block_size by one block: counts, its place in the output, and the output.
//
// A segment of one tile whose block size is a whole number of 16-byte vectors (a multiple of 4, 16 or more) is held in
// shared memory in sorted order and written through a table of its blocks (BlockTable).
// Every other segment is counted first, then sorted tile by tile straight to its place.
#pragma once
#include "align_output.cuh"
#include "tile.cuh"

namespace moe {

// HELD: rows of counters that a thread keeps while it scans; blocks that share a multiprocessor with many have no registers
// for any.
template <int BITS, int WARPS, int ITEMS, int HELD>
struct AlignSegment {
    static constexpr int THREADS = WARPS * 32, TILE = THREADS * ITEMS, TABLE = TILE / 16;
    typedef TileSorter<BITS, WARPS, ITEMS> Sorter;

    const Keys& keys;
    const AlignOutput& out;
    const int* key_value;
    Blocks blocks;
    TileMemory<WARPS> memory;
    int segment, segments, length;
    int64_t at;
    long long* base;  // shared: where the segment's blocks begin, in blocks
    int part, parts;  // of the output, for this block to write: several blocks may sort the same short segment

    // counted: the counts of a large segment, which gets only its place here; or null. One pass over the ids where a tile
    // holds them, else two: count, sort. One loop for both, so that the unrolled loading is there once.
    __device__ __forceinline__ void run(const uint32_t* counted) {
        bool single = counted == nullptr && length <= TILE && blocks.size >= 16 && blocks.size % 4 == 0;
        if (!single) clear_counts(counted);
        Sorter sorter(keys, memory, at, length);
        for (int pass = single ? 1 : 0; pass < 2; pass++) {
            for (int from = 0; counted == nullptr && from < max(length, 1); from += TILE) {
                sorter.load(from);
                if (pass == 0) {
                    count_tile(sorter, from);
                    continue;
                }
                sorter.rank();
                __syncthreads();
                if (single) {
                    one_tile(sorter);
                    return;
                }
                sorter.scan();
                __syncthreads();
                sorter.stage();
                __syncthreads();
                sorter.walk(from, PlaceInOrder{settled(out.sorted + *base * blocks.size)});
            }
            if (pass == 0) measure(counted != nullptr);
            if (counted != nullptr) return;
        }
    }

    // For segments of one tile and block sizes of whole vectors.
    __device__ __forceinline__ void run_short() {
        Sorter sorter(keys, memory, at, length);
        sorter.load(0);
        sorter.rank();
        __syncthreads();
        one_tile(sorter);
    }

  private:
    // Where the segment's blocks begin, found by the last warp; a barrier has to follow.
    __device__ __forceinline__ void locate(uint32_t count) {
        if (threadIdx.x < THREADS - 32) return;
        bool leader = threadIdx.x == THREADS - 32;
        if (parts > 1) {
            if (leader) {
                *base = 0;
                if (part == 0) sizes(count, 0);
            }
            return;
        }
        if (leader) publish(out.status, segment, segment == 0 ? PREFIX : SIZE, count);
        int64_t before = segment == 0 ? 0 : look_back(out.status, segment, count);
        if (!leader) return;
        *base = before;
        sizes(count, before);
    }

    __device__ __forceinline__ void sizes(uint32_t count, int64_t before) {
        out.post_pad[segment] = count * blocks.size;
        out.sorted_offsets[segment] = before * blocks.size;
        out.expert_offsets[segment] = before;
        if (segment == segments - 1) {
            out.sorted_offsets[segments] = (before + count) * blocks.size;
            out.expert_offsets[segments] = before + count;
        }
    }

    __device__ __forceinline__ void left_out(int key, uint32_t count, int beyond) {
        int cause = key - keys.bins;
        if (cause >= 0 && cause < CAUSES && part == 0) tally_add(out.tally, cause, count - (cause == INVALID ? beyond : 0));
    }

    // The table of blocks takes the place of `next` and what is behind it: start | ids << 16, bins, then the sorted ids.
    __device__ __forceinline__ void one_tile(const Sorter& sorter) {
        uint32_t* table = memory.next;
        uint16_t* bin_of = reinterpret_cast<uint16_t*>(table + TABLE + keys.bins);
        uint16_t* order = bin_of + ((TABLE + keys.bins + 1) & ~1);
        uint32_t* total = memory.partial + 32;
        scan_rows<WARPS, HELD>(
            memory.rows, memory.row / 2, memory.partial,
            [&](int key, uint32_t count) { return key < keys.bins ? blocks.of(count) : 0; },
            [&](int key, uint32_t count, uint32_t position, uint32_t block) {
                if (key >= keys.bins) {
                    if (key == keys.bins) *total = block;
                    left_out(key, count, sorter.capacity() - length);
                    return;
                }
                for (; count > 0; block++) {
                    uint32_t ids = min(count, static_cast<uint32_t>(blocks.size));
                    table[block] = position | ids << 16;
                    bin_of[block] = key;
                    position += ids;
                    count -= ids;
                }
            });
        __syncthreads();
        locate(*total);
#pragma unroll
        for (int i = 0; i < ITEMS; i++) {
            if (i % Sorter::GROUP == 0 && i >= sorter.items) break;
            order[sorter.position(i)] = sorter.first + i * 32;
        }
        __syncthreads();
        write_blocks(table, bin_of, order, *total);
    }

    __device__ __forceinline__ void write_blocks(
        const uint32_t* table, const uint16_t* bin_of, const uint16_t* order, uint32_t count) {
        BlockTable written{table, order, blocks, length, part * THREADS + static_cast<int>(threadIdx.x), parts * THREADS};
        int* sorted = out.sorted + *base * blocks.size;
        if (blocks.shift >= 0) {
            written.write<true>(sorted, count * blocks.size);
        } else {
            written.write<false>(sorted, count * blocks.size);
        }
        int* experts = out.experts + *base;
        for (uint32_t j = part * THREADS + threadIdx.x; j < count; j += parts * THREADS) {
            experts[j] = value_of(bin_of[j], keys.first, key_value);
        }
    }

    __device__ __forceinline__ uint32_t* counts() const { return memory.delta; }  // until the sort begins

    __device__ __forceinline__ void clear_counts(const uint32_t* counted) {
        for (int i = threadIdx.x; i < memory.row; i += THREADS) {
            counts()[i] = counted != nullptr && i < keys.counters() ? counted[i] : 0;
            memory.next[i] = 0;
        }
        __syncthreads();
    }

    __device__ __forceinline__ void count_tile(Sorter& sorter, int from) {
        int left = length - from - sorter.first;
        to_keys<BITS>(sorter.v, keys, sorter.items);
#pragma unroll
        for (int i = 0; i < ITEMS; i++) {
            if (i < sorter.items && i * 32 < left) atomicAdd(counts() + sorter.v[i], 1u);
        }
    }

    // From counts to places: the bins' blocks, the segment's place, sentinels and expert ids.
    __device__ __forceinline__ void measure(bool counted) {
        __syncthreads();
        block_offsets<THREADS>(
            memory.offsets, keys.bins, memory.partial, [&](int key) { return blocks.of(counts()[key]); });
        uint32_t total = memory.offsets[keys.bins];
        locate(total);
        if (counted) return;
        if (threadIdx.x < CAUSES) left_out(keys.bins + threadIdx.x, counts()[keys.bins + threadIdx.x], 0);
        __syncthreads();
        fill(out.sorted + *base * blocks.size, total);
        __syncthreads();
    }

    __device__ __forceinline__ void fill(int* sorted, uint32_t total) {
        int lane = threadIdx.x & 31;
        for (int key = threadIdx.x >> 5; key < keys.bins; key += WARPS) {
            uint32_t from = memory.offsets[key] * blocks.size;
            uint32_t end = memory.offsets[key + 1] * blocks.size;
            if (lane == 0) memory.next[key] = from;
            for (uint32_t p = from + counts()[key] + lane; p < end; p += 32) sorted[p] = length;
        }
        int* experts = out.experts + *base;
        for (uint32_t j = threadIdx.x; j < total; j += THREADS) {
            experts[j] = value_of(bin_at(memory.offsets, keys.bins, j), keys.first, key_value);
        }
    }
};

}  // namespace moe
