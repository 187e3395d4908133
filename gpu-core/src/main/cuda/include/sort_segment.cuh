// One segment sorted by one block, without padding: what compact and expert-parallel preprocessing share.
//
// A segment of one tile is read once; a longer one is counted first, then sorted tile by tile. `Out` decides what is
// written: see TileSorter for put and place; finish(offsets) is called by all threads at the end, with where each bin
// starts in the segment and, in offsets[bins], how many ids were kept. place may read memory.offsets as well.
#pragma once
#include "params.cuh"
#include "tile.cuh"

namespace moe {

template <int BITS, int WARPS, int ITEMS>
struct SortSegment {
    static constexpr int THREADS = WARPS * 32, TILE = THREADS * ITEMS;
    typedef TileSorter<BITS, WARPS, ITEMS> Sorter;

    const Keys& keys;
    const TileMemory<WARPS>& memory;
    int length;
    int64_t at;
    unsigned long long* tally;

    template <class Out>
    __device__ __forceinline__ void run(const Out& out) {
        bool single = length <= TILE;
        if (!single) clear_counts();
        Sorter sorter(keys, memory, at, length);
        for (int pass = single ? 1 : 0; pass < 2; pass++) {
            for (int from = 0; from < max(length, 1); from += TILE) {
                sorter.load(from);
                if (pass == 0) {
                    count_tile(sorter, from);
                    continue;
                }
                sorter.rank();
                __syncthreads();
                if (single) {
                    sorter.scan_only_tile([&](int key, uint32_t count) { left_out(key, count, sorter.capacity() - length); });
                } else {
                    sorter.scan();
                }
                __syncthreads();
                sorter.stage();
                if (out.direct()) sorter.place(from, out);
                __syncthreads();
                sorter.walk(from, out);
            }
            if (pass == 0) start();
        }
        out.finish(memory.offsets);
    }

  private:
    __device__ __forceinline__ uint32_t* counts() const { return memory.delta; }  // until the sort begins

    __device__ __forceinline__ void left_out(int key, uint32_t count, int beyond) {
        int cause = key - keys.bins;
        if (cause >= 0 && cause < CAUSES) tally_add(tally, cause, count - (cause == INVALID ? beyond : 0));
    }

    __device__ __forceinline__ void clear_counts() {
        for (int i = threadIdx.x; i < memory.row; i += THREADS) counts()[i] = 0;
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

    __device__ __forceinline__ void start() {
        __syncthreads();
        if (threadIdx.x < CAUSES) left_out(keys.bins + threadIdx.x, counts()[keys.bins + threadIdx.x], 0);
        block_offsets<THREADS>(memory.offsets, keys.bins, memory.partial, [&](int key) { return counts()[key]; });
        for (int i = threadIdx.x; i < memory.row; i += THREADS) memory.next[i] = i < keys.bins ? memory.offsets[i] : 0;
        __syncthreads();
    }
};

// Which segment a block works on: `list` names some of them, or is null for all.
__device__ __forceinline__ int listed(const int* list, int i) { return list == nullptr ? i : list[i]; }

}  // namespace moe
