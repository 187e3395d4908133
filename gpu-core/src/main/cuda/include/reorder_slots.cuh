// Which slots (token, k) of a batch are selected, and which rows they name.
//
// Two forms, told apart by `ids`:
//   direct: one segment; ids and src2dst as the operator takes them, both int32. A slot is selected when its id is in
//           [first, last] and src2dst >= 0.
//   ready:  ids null; src2dst is what reorder_slots wrote: the row in the whole batch, or -1 for a slot not selected.
// A row that is not below `rows` is not touched. tally (uint64 [4], zero before) counts what makes a batch malformed:
// [0] rows out of range, [1] rows named twice (where `named` is given), [2] slots whose scale is not there. The host
// looks for such, and the CPU words the error.
// named: a bit a row, zero before; bits of the rows that slots name. Null: neither noted nor checked.
#pragma once
#include <cstdint>

namespace moe {

enum Malformed { OUT_OF_RANGE, TWICE, NO_SCALE };
enum ScaleMode { NO_SCALES, PER_EXPERT, PER_TOKEN, ONE_SCALE, PER_SLOT };

struct Slots {
    const int* ids;
    const int* src2dst;
    int first, last;
    int rows;
    uint32_t* named;
    unsigned long long* tally;
};

// Values to divide by: of expert first + i, of a token, one for all; PER_SLOT are what reorder_slots wrote, reciprocals.
struct Scales {
    const float* values;
    int mode, count;
};

struct Slot {
    int row;  // -1: not selected
    int id;
    bool outside;
};

__device__ __forceinline__ Slot slot_at(const Slots& s, int64_t at, bool active) {
    int row = active ? __ldg(s.src2dst + at) : -1;
    int id = active && s.ids != nullptr ? __ldg(s.ids + at) : s.first;
    bool selected = row >= 0 && (s.ids == nullptr || (id >= s.first && id <= s.last));
    bool outside = selected && row >= s.rows;
    return Slot{selected && !outside ? row : -1, id, outside};
}

__device__ __forceinline__ void tally_malformed(unsigned long long* tally, int what) { atomicAdd(tally + what, 1ull); }

// Notes what a slot names. Once a slot: the kernels do it with the first piece of a row.
__device__ __forceinline__ void note(const Slots& s, const Slot& slot) {
    if (slot.outside) {
        tally_malformed(s.tally, OUT_OF_RANGE);
    }
    if (slot.row >= 0 && s.named != nullptr) {
        uint32_t bit = 1u << (slot.row & 31);
        if (atomicOr(s.named + (slot.row >> 5), bit) & bit) {
            tally_malformed(s.tally, TWICE);
        }
    }
}

// What a selected slot's values are multiplied by; 1 where there is no such scale.
__device__ __forceinline__ float
reciprocal_of(const Scales& scales, const Slots& s, const Slot& slot, int64_t at, int64_t token) {
    int64_t index = scales.mode == PER_EXPERT ? static_cast<int64_t>(slot.id) - s.first
        : scales.mode == PER_TOKEN           ? token
        : scales.mode == PER_SLOT            ? at
                                             : 0;
    if (index >= scales.count) {
        tally_malformed(s.tally, NO_SCALE);
        return 1.0f;
    }
    float value = __ldg(scales.values + index);
    return scales.mode == PER_SLOT ? value : __frcp_rn(value);
}

}  // namespace moe

#define MOE_SLOT_PARAMS                                                                                    \
    const int *ids, const int *src2dst, int first, int last, int rows, uint32_t *named, \
        unsigned long long *tally
#define MOE_SLOTS moe::Slots{ids, src2dst, first, last, rows, named, tally}
#define MOE_SCALE_PARAMS const float *scales, int scale_mode, int scale_count
#define MOE_SCALES moe::Scales{scales, scale_mode, scale_count}
