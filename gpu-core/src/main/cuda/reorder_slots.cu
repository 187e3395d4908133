// Slots made ready for the reorder kernels, for batches of many segments and for ids of any type: the row in the whole
// batch that each selected slot names, or -1, and the reciprocal of its scale. See include/reorder_slots.cuh.
#include "include/keys.cuh"
#include "include/offsets.cuh"
#include "include/reorder_slots.cuh"

using namespace moe;

namespace {

struct Lists {
    const int* offsets;
    int segments;

    __device__ __forceinline__ int begin(int s) const { return __ldg(offsets + s) - __ldg(offsets); }
    __device__ __forceinline__ int of(int at) const {
        return segments == 1 ? 0 : list_of(offsets, segments, at + __ldg(offsets));
    }
};

}  // namespace

// A thread a slot. row_offsets: int64 [segments + 1], rows before each segment's. scales: one an expert, a token or a
// segment as scale_mode says, of segment s from scale_offsets[s] (int64) on; of one list for all where scale_lists is 1.
// Writes row int32 [slots] and, with scales, reciprocal fp32 [slots]. src2dst null: slot i of a segment names row i, and
// both are written at the row instead, which has to be -1 before.
extern "C" __global__ void __launch_bounds__(256) reorder_slots(const void* ids, int id_type, const int* src2dst,
        const int* offsets, int segments, int slots, int topk, const long long* row_offsets, int first, int last,
        const float* scales, int scale_mode, const long long* scale_offsets, int scale_lists, int* row, float* reciprocal,
        uint32_t* named, unsigned long long* tally) {
    int at = blockIdx.x * 256 + threadIdx.x;
    if (at >= slots) {
        return;
    }
    Lists lists{offsets, segments};
    int segment = lists.of(at);
    long long base = __ldg(row_offsets + segment);
    long long end = __ldg(row_offsets + segment + 1);
    int id = load_id(ids, id_type, at);
    int target = src2dst == nullptr ? at - lists.begin(segment) : __ldg(src2dst + at);
    bool selected = target >= 0 && id >= first && id <= last;
    Slots s{nullptr, nullptr, first, last, 0, named, tally};
    Slot slot{selected ? static_cast<int>(base + target) : -1, id, selected && base + target >= end};
    if (slot.outside) {
        slot.row = -1;
    }
    note(s, slot);
    int64_t place = src2dst == nullptr ? base + target : at;
    row[place] = slot.row;
    if (scale_mode != NO_SCALES) {
        int list = scale_lists == 1 ? 0 : segment;
        long long begin = __ldg(scale_offsets + list);
        Scales of_segment{scales + begin, scale_mode, static_cast<int>(__ldg(scale_offsets + list + 1) - begin)};
        int64_t token = (at - lists.begin(segment)) / topk;
        reciprocal[place] = slot.row < 0 ? 0.0f : reciprocal_of(of_segment, s, slot, at, token);
    }
}
