// Stable counting sort of a run of ids, tile by tile, by one block. A tile is WARPS * ITEMS * 32 ids; each warp ranks a
// contiguous part of it in registers. The last tile takes fewer ids a lane where that holds it, in steps of GROUP: loops
// over a lane's ids are unrolled and left between groups, so a full tile pays one test a group.
//
// Per tile: rank; barrier; scan_rows turns the warps' counters into tile-local positions; barrier; then `out` gets every
// id's place. Staged: lanes put (4 * key << 16 | index in the tile) at its tile-local position in shared memory and threads
// walk that array, so that ids of one key leave as runs of neighbours; next[key] is where the key's ids go on. The next
// tile's loads are issued before the walk. Direct: each lane reports the place of its own ids, in source order.
#pragma once
#include <cstdint>

#include "keys.cuh"
#include "rank.cuh"
#include "scan.cuh"
#include "tile_memory.cuh"

namespace moe {

template <int BITS, int WARPS, int ITEMS>
struct TileSorter {
    static constexpr int THREADS = WARPS * 32, TILE = THREADS * ITEMS, GROUP = group_of(ITEMS);

    const Keys& keys;
    const TileMemory<WARPS>& memory;
    uint16_t* counters;
    Ranker ranker;
    int64_t at;  // of the segment's first id
    int end;     // ids [.., end) of the segment are sorted
    int items, first;  // of the loaded tile: ids a lane, this lane's first id in the tile
    int found;         // of this warp's part of the tile, once ranked
    uint32_t v[ITEMS];

    __device__ __forceinline__ TileSorter(const Keys& k, const TileMemory<WARPS>& m, int64_t at, int end)
        : keys(k), memory(m), counters(reinterpret_cast<uint16_t*>(m.rows) + (threadIdx.x >> 5) * m.row),
          ranker(counters), at(at), end(end) {}

    // Starts loading the tile that begins with the segment's id `base`.
    __device__ __forceinline__ void load(int base) {
        int groups = (end - base + THREADS * GROUP - 1) / (THREADS * GROUP);
        items = min(max(groups, 1) * GROUP, ITEMS);
        first = (threadIdx.x >> 5) * items * 32 + (threadIdx.x & 31);
        load_raw<ITEMS>(v, keys, at + base + first, end - base - first, items);
    }

    // Positions of the loaded tile, those beyond the end included.
    __device__ __forceinline__ int capacity() const { return THREADS * items; }

    // Turns the loaded ids into rank << 16 | key, and this warp's row into its counts.
    __device__ __forceinline__ void rank() {
        clear_row(counters, memory.row);
        found = to_keys<BITS>(v, keys, items);
        ranker.template rank<BITS>(v, (found & WIDE) != 0, items);
    }

    // The tile-local position of item i, once rows were scanned.
    __device__ __forceinline__ uint32_t position(int i) const {
        return ranker.counter_of(v[i]) + (v[i] >> 16);
    }

    // Sorts the ids [from, end). prepare() fills memory.next; it runs while the first tile is being loaded, and ends with
    // a barrier. out: staged(), direct(), and put(position, index, key), place<whole>(positions, index of the first, end,
    // items) with what those positions are moved by; whole: no item lies beyond the end.
    // Each round sorts one tile and starts the loads of the one after it; the first round only loads.
    template <class Prepare, class Out>
    __device__ __forceinline__ void run(int from, Prepare prepare, const Out& out) {
        for (int base = from - TILE;; base += TILE) {
            bool sorting = base >= from;
            if (sorting) {
                rank();
                __syncthreads();
                scan();
                __syncthreads();
                if (out.staged()) stage();
                if (out.direct()) place(base, out);
            }
            if (base + TILE < end) load(base + TILE);
            if (!sorting) {
                prepare();
            } else if (out.staged()) {
                __syncthreads();
                walk(base, out);
            }
            if (base + TILE >= end) break;
        }
    }

    __device__ __forceinline__ void scan() {
        const TileMemory<WARPS>& m = memory;
        int bins = keys.bins;
        scan_rows<WARPS, 0>(
            m.rows, m.row / 2, m.partial, [](int, uint32_t) { return 0u; },
            [&](int key, uint32_t count, uint32_t position, uint32_t) {
                uint32_t next = m.next[key];
                m.delta[key] = next - position;
                m.next[key] = next + count;
                if (key == bins) m.partial[32] = position;  // ids of the tile that are kept
            });
    }

    // For a segment of one tile: positions in it are positions in the segment. count_of(key, count) is called once a key.
    template <class CountOf>
    __device__ __forceinline__ void scan_only_tile(CountOf count_of) {
        const TileMemory<WARPS>& m = memory;
        int bins = keys.bins;
        scan_rows<WARPS, 0>(
            m.rows, m.row / 2, m.partial, [](int, uint32_t) { return 0u; },
            [&](int key, uint32_t count, uint32_t position, uint32_t) {
                m.delta[key] = 0;
                m.offsets[key] = position;
                count_of(key, count);
                if (key == bins) m.partial[32] = position;
            });
    }

    // v: where each id goes, or -1.
    template <class Out>
    __device__ __forceinline__ void place(int base, const Out& out) {
        uint32_t off = out.taken_off();
        if ((found & ODD) == 0 && !out.moves()) {
            constexpr int SOME = ITEMS < 8 ? ITEMS : 8;  // stored before the next are looked up
#pragma unroll
            for (int from = 0; from < ITEMS; from += SOME) {
                if (from >= items) break;
                uint32_t some[SOME];
#pragma unroll
                for (int i = 0; i < SOME; i++) {
                    if ((from + i) % GROUP == 0 && from + i >= items) break;
                    some[i] = position(from + i) + memory.delta[v[from + i] & 0xffff] - off;
                }
                out.template place<true>(some, base + first + from * 32, end, min(SOME, items - from));
            }
            return;
        }
#pragma unroll
        for (int i = 0; i < ITEMS; i++) {
            if (i % GROUP == 0 && i >= items) break;
            uint32_t key = v[i] & 0xffff;
            uint32_t to = position(i) + memory.delta[key] - off + out.moved(key);
            v[i] = key < static_cast<uint32_t>(keys.bins) ? to : ALL_LANES;
        }
        out.template place<false>(v, base + first, end, items);
    }

    // A staged word: 4 * key << 16 | index in the tile.
    __device__ __forceinline__ void stage() {
#pragma unroll
        for (int i = 0; i < ITEMS; i++) {
            if (i % GROUP == 0 && i >= items) break;
            memory.stage[position(i)] = v[i] * (4 * 65536u) + (first + i * 32);
        }
    }

    template <class Out>
    __device__ __forceinline__ void walk(int base, const Out& out) {
        const uint32_t* stage = memory.stage + threadIdx.x;
        const char* delta = reinterpret_cast<const char*>(memory.delta);
        int kept = memory.partial[32];
        if (kept == TILE) {
#pragma unroll 4
            for (int i = 0; i < ITEMS; i++) put(stage[i * THREADS], delta, threadIdx.x + i * THREADS, base, out);
        } else {
#pragma unroll 4
            for (int j = threadIdx.x; j < kept; j += THREADS) put(memory.stage[j], delta, j, base, out);
        }
    }

    template <class Out>
    static __device__ __forceinline__ void put(uint32_t x, const char* delta, int j, int base, const Out& out) {
        uint32_t to = *reinterpret_cast<const uint32_t*>(delta + (x >> 16)) + j;
        out.put(to, base + static_cast<int>(x & 0xffff), x >> 18);
    }
};

}  // namespace moe
