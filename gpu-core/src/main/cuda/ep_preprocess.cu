// moe_ep_preprocess, a block a segment. src2dst leaves in source order, straight from the ranks; reorder_topk_ids and
// reorder_ids leave in sorted order, from the staged tile.
#include "include/ep.cuh"
#include "include/sort_segment.cuh"

namespace moe {
namespace {

struct EpSegmentOut {
    EpPlace to;
    int segment, threads;
    unsigned long long* tally;

    __device__ __forceinline__ static constexpr bool direct() { return true; }
    __device__ __forceinline__ uint32_t taken_off() const { return to.taken_off(); }
    __device__ __forceinline__ bool moves() const { return to.moves(); }
    __device__ __forceinline__ uint32_t moved(uint32_t key) const { return to.moved(key); }
    template <bool WHOLE, int ITEMS>
    __device__ __forceinline__ void place(const uint32_t (&v)[ITEMS], int index, int end, int items) const {
        to.template place<WHOLE>(v, index, end, items);
    }
    __device__ __forceinline__ void put(uint32_t position, int index, uint32_t key) const {
        to.id(position, key);
        if (to.out.reorder_ids != nullptr) to.order(position, index);
    }
    __device__ __forceinline__ void finish(const uint32_t* offsets) const {
        to.finish(segment, threads, [&](int bin) { return offsets[bin + 1] - offsets[bin]; });
        if (to.out.form == DEEPEP && threadIdx.x == 0) tally_add(tally, MASKED, offsets[1]);
    }
};

template <int BITS, int WARPS, int ITEMS>
__device__ __forceinline__ void ep_segments(
    const Keys& keys, const int* offsets, const int* list, const EpOutput& out, unsigned long long* tally) {
    extern __shared__ __align__(16) uint32_t shared[];
    TileMemory<WARPS> memory(shared, keys.bins);
    int s = listed(list, blockIdx.x), begin = offsets[s], length = offsets[s + 1] - begin;
    int64_t at = static_cast<int64_t>(begin) - offsets[0];
    SortSegment<BITS, WARPS, ITEMS> segment{keys, memory, length, at, tally};
    EpPlace place{out, memory.offsets, keys.bins, keys.first, length, at, out.base(s)};
    segment.run(EpSegmentOut{place, s, WARPS * 32, tally});
}

}  // namespace
}  // namespace moe

#define EP_SEGMENTS(WARPS, ITEMS, BITS, MIN_BLOCKS)                                                               \
    extern "C" __global__ void __launch_bounds__(WARPS * 32, MIN_BLOCKS) ep_preprocess_w##WARPS##_b##BITS(        \
        MOE_KEY_PARAMS, const int* list, EP_OUTPUT_PARAMS, unsigned long long* tally) {                           \
        moe::EpOutput out = EP_OUTPUT;                                                                            \
        moe::ep_segments<BITS, WARPS, ITEMS>(MOE_KEYS, offsets, list, out, tally);                                \
    }

EP_SEGMENTS(8, 8, 8, 4)
EP_SEGMENTS(8, 8, 10, 3)
EP_SEGMENTS(32, 8, 8, 1)
