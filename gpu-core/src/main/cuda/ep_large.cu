// The third launch for large segments of expert-parallel preprocessing (after large_count and large_scan).
//
// src2dst is written at the source position, coalesced, so nothing is staged unless reorder_ids is wanted. The sorted ids
// are long runs of one value: each warp fills its own part of them by 16-byte stores.
#include "include/ep.cuh"
#include "include/large.cuh"

namespace moe {
namespace {

struct EpLargeOut {
    EpPlace to;
    __device__ __forceinline__ static constexpr bool direct() { return true; }
    __device__ __forceinline__ bool staged() const { return to.out.reorder_ids != nullptr; }
    __device__ __forceinline__ uint32_t taken_off() const { return to.taken_off(); }
    __device__ __forceinline__ bool moves() const { return to.moves(); }
    __device__ __forceinline__ uint32_t moved(uint32_t key) const { return to.moved(key); }
    template <bool WHOLE, int ITEMS>
    __device__ __forceinline__ void place(const uint32_t (&v)[ITEMS], int index, int end, int items) const {
        to.template place<WHOLE>(v, index, end, items);
    }
    __device__ __forceinline__ void put(uint32_t position, int index, uint32_t) const { to.order(position, index); }
};

// One warp writes `value` to ids[from .. end): scalars up to the first and from the last 16-byte border.
__device__ __forceinline__ void fill_run(int* ids, uint32_t from, uint32_t end, int value) {
    uint32_t lane = threadIdx.x & 31;
    uint32_t head = (16 - (reinterpret_cast<uintptr_t>(ids + from) & 15)) / 4 & 3;
    head = min(head, end - from);
    uint32_t vectors = (end - from - head) / 4, tail = from + head + vectors * 4;
    if (lane < head) ids[from + lane] = value;
    int4* to = reinterpret_cast<int4*>(ids + from + head);
    for (uint32_t i = lane; i < vectors; i += 32) to[i] = make_int4(value, value, value, value);
    if (tail + lane < end) ids[tail + lane] = value;
}

// This chunk's share of the sorted ids, a part of it a warp: runs of one value each.
template <int WARPS>
__device__ __forceinline__ void fill_ids(const EpPlace& to, const Chunk& chunk) {
    uint32_t off = to.taken_off(), end = to.offsets[to.bins];
    uint32_t parts = chunk.chunks * WARPS, part = chunk.chunk * WARPS + (threadIdx.x >> 5);
    uint32_t each = ((end - off + parts - 1) / parts + 31) & ~31u;
    uint32_t p = min(end, off + part * each), stop = min(end, p + each);
    if (p >= stop) return;
    int* ids = to.out.reorder_topk_ids + to.base;
    for (int bin = bin_at(to.offsets, to.bins, p); p < stop; bin++) {
        uint32_t next = min(stop, to.offsets[bin + 1]);
        if (next > p) fill_run(ids, p - off, next - off, value_of(bin, to.first, to.out.key_value));
        p = next;
    }
}

template <int BITS, int WARPS, int ITEMS>
__device__ __forceinline__ void ep_large(
    const Keys& keys, const Share& share, const uint32_t* before, const uint32_t* totals, const EpOutput& out,
    unsigned long long* tally) {
    constexpr int THREADS = WARPS * 32;
    extern __shared__ __align__(16) uint32_t shared[];
    TileMemory<WARPS> memory(shared, keys.bins);
    int s = share.chunk.segment;
    EpPlace to{out, memory.offsets, keys.bins, keys.first, share.length, share.at, out.base(s)};
    TileSorter<BITS, WARPS, ITEMS> sorter(keys, memory, share.at, share.end);
    auto prepare = [&]() { start_chunk<BITS, WARPS>(memory, keys.bins, totals, before, Blocks(1)); };
    sorter.run(share.from, prepare, EpLargeOut{to});
    fill_ids<WARPS>(to, share.chunk);
    if (share.chunk.chunk != 0) return;
    to.finish(s, THREADS, [&](int bin) { return totals[bin]; });
    if (out.form == DEEPEP && threadIdx.x == 0) tally_add(tally, MASKED, memory.offsets[1]);
}

}  // namespace
}  // namespace moe

#define EP_LARGE(WARPS, ITEMS, BITS, MIN_BLOCKS)                                                                    \
    extern "C" __global__ void __launch_bounds__(WARPS * 32, MIN_BLOCKS) ep_large_w##WARPS##_b##BITS(               \
        MOE_KEY_PARAMS, const moe::Chunk* work, int lone_ids, int chunk_ids, const uint32_t* counts,     \
        const uint32_t* totals, EP_OUTPUT_PARAMS, unsigned long long* tally) {                                      \
        moe::Keys keys = MOE_KEYS;                                                                                  \
        moe::Share share(work, offsets, lone_ids, chunk_ids);                                                       \
        moe::EpOutput out = EP_OUTPUT;                                                                              \
        moe::ep_large<BITS, WARPS, ITEMS>(                                                                          \
            keys, share, counts + static_cast<int64_t>(blockIdx.x) * moe::row_length(bins),                  \
            totals + static_cast<int64_t>(share.chunk.large) * keys.counters(), out, tally);                        \
    }

EP_LARGE(8, 8, 8, 2)
EP_LARGE(8, 8, 10, 2)
EP_LARGE(16, 32, 7, 2)
EP_LARGE(16, 32, 8, 2)
EP_LARGE(16, 32, 10, 2)
