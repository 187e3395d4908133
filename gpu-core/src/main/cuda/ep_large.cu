// The third launch for large segments of expert-parallel preprocessing (after large_count and large_scan).
//
// src2dst is written at the source position, coalesced, so nothing is staged unless reorder_ids is wanted. The sorted ids
// are long runs of one value: each block fills its own part of them, by 16-byte stores where a whole vector is one bin.
#include "include/ep.cuh"
#include "include/large.cuh"

namespace moe {
namespace {

struct EpLargeOut {
    EpPlace to;
    __device__ __forceinline__ static constexpr bool direct() { return true; }
    __device__ __forceinline__ bool staged() const { return to.out.reorder_ids != nullptr; }
    __device__ __forceinline__ void place(int index, uint32_t key, uint32_t position) const {
        to.place(index, key, position);
    }
    __device__ __forceinline__ void put(uint32_t position, int index, uint32_t) const { to.order(position, index); }
};

// This chunk's share of the sorted ids: positions [from, end) after what deepep takes off.
template <int THREADS>
__device__ __forceinline__ void fill_ids(const EpPlace& to, const Chunk& chunk) {
    uint32_t off = to.taken_off(), kept = to.offsets[to.bins] - off;
    int* ids = to.out.reorder_topk_ids + to.base;
    uint32_t head = min(kept, static_cast<uint32_t>((16 - (reinterpret_cast<uintptr_t>(ids) & 15)) & 15) / 4);
    uint32_t vectors = (kept - head) / 4, each = (vectors + chunk.chunks - 1) / chunk.chunks;
    uint32_t from = min(vectors, chunk.chunk * each), end = min(vectors, from + each);
    auto value_at = [&](uint32_t p) {
        return value_of(bin_at(to.offsets, to.bins, p + off), to.first, to.out.key_value);
    };
    for (uint32_t i = from + threadIdx.x; i < end; i += THREADS) {
        uint32_t p = head + 4 * i;
        int bin = bin_at(to.offsets, to.bins, p + off), a = value_of(bin, to.first, to.out.key_value);
        int4 x = make_int4(a, a, a, a);
        if (to.offsets[bin + 1] <= p + off + 3) x = make_int4(a, value_at(p + 1), value_at(p + 2), value_at(p + 3));
        reinterpret_cast<int4*>(ids + head)[i] = x;
    }
    uint32_t rest = kept - vectors * 4;  // the head and the tail
    if (chunk.chunk == 0 && threadIdx.x < rest) {
        uint32_t p = threadIdx.x < head ? threadIdx.x : threadIdx.x + vectors * 4;
        ids[p] = value_at(p);
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
    auto prepare = [&]() {
        block_offsets<THREADS>(memory.offsets, keys.bins, memory.partial, [&](int key) { return totals[key]; });
        for (int key = threadIdx.x; key < memory.row; key += THREADS) {
            memory.next[key] = key < keys.bins ? memory.offsets[key] + before[key] : 0;
        }
        __syncthreads();
    };
    sorter.run(share.from, prepare, EpLargeOut{to});
    fill_ids<THREADS>(to, share.chunk);
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
EP_LARGE(16, 32, 9, 2)
EP_LARGE(16, 32, 10, 2)
