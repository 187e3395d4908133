// What expert-parallel preprocessing writes, for a block that has a whole segment or a part of one.
//
// Positions count the kept ids of a segment in sorted order. Form deepep sorts masked ids first (bin 0) and takes their
// number off again: they end at negative positions, all others begin at 0. Form padded moves bins apart by m_max.
#pragma once
#include "params.cuh"

namespace moe {

enum Form { PLAIN, DEEPEP, KMAJOR, PADDED };

struct EpOutput {
    int form, topk, m_max, segments;  // segments: of seg_indptr, which are experts or local experts
    const int* key_value;
    const int* out_offsets;
    int* src2dst;           // int32, [ids], at the segment's ids
    int* reorder_topk_ids;  // int32, at out_offsets
    int* reorder_ids;       // int32, at out_offsets, or null
    long long* seg_indptr;  // int64 [batch segments][segments + 1]
    int* masked_m;          // int32 [batch segments][segments], form padded
    unsigned long long* violation;  // lowest (segment << 32 | expert) with more than m_max ids; form padded

    __device__ __forceinline__ int64_t base(int s) const { return out_offsets[s] - out_offsets[0]; }
};

struct EpPlace {
    const EpOutput& out;
    const uint32_t* offsets;  // shared: where bins start
    int bins, first, length;
    int64_t at, base;  // of the segment in the ids, and in what is kept

    __device__ __forceinline__ uint32_t taken_off() const { return out.form == DEEPEP ? offsets[1] : 0; }

    // Slot-major number of a flat index.
    __device__ __forceinline__ int row(int index) const {
        if (out.form != KMAJOR) return index;
        uint32_t token = static_cast<uint32_t>(index) / out.topk;
        return (index - token * out.topk) * (length / out.topk) + token;
    }

    // Form padded: how far a bin lies from where it would be without its rows in reserve.
    __device__ __forceinline__ bool moves() const { return out.form == PADDED; }
    __device__ __forceinline__ uint32_t moved(uint32_t key) const {
        return moves() && key < static_cast<uint32_t>(bins) ? key * out.m_max - offsets[key] : 0;
    }

    template <bool WHOLE, int ITEMS>
    __device__ __forceinline__ void place(const uint32_t (&v)[ITEMS], int index, int end, int items) const {
        int* to = out.src2dst + at;
        if (out.form == KMAJOR) {
#pragma unroll
            for (int i = 0; i < ITEMS; i++) {
                if (i < items && index + i * 32 < end) to[row(index + i * 32)] = v[i];
            }
            return;
        }
        to = settled(to + index);
#pragma unroll
        for (int i = 0; i < ITEMS; i++) {
            if (i % group_of(ITEMS) == 0 && i >= items) break;
            if (WHOLE || index + i * 32 < end) to[i * 32] = v[i];
        }
    }

    __device__ __forceinline__ void order(uint32_t position, int index) const {
        uint32_t off = taken_off();
        if (position >= off) out.reorder_ids[base + position - off] = row(index);
    }

    // The bin at a position; false for positions that are not written.
    __device__ __forceinline__ void id(uint32_t position, uint32_t key) const {
        uint32_t off = taken_off();
        if (position >= off) out.reorder_topk_ids[base + position - off] = value_of(key, first, out.key_value);
    }

    // seg_indptr and masked_m; count(bin) is the segment's.
    template <class Count>
    __device__ __forceinline__ void finish(int s, int threads, Count count) const {
        long long* indptr = out.seg_indptr + static_cast<int64_t>(s) * (out.segments + 1);
        for (int e = threadIdx.x; e <= out.segments; e += threads) {
            indptr[e] = e == 0 ? 0 : static_cast<long long>(offsets[e + first]) - taken_off();
        }
        if (out.form != PADDED) return;
        for (int e = threadIdx.x; e < out.segments; e += threads) {
            uint32_t c = count(e);
            out.masked_m[static_cast<int64_t>(s) * out.segments + e] = c;
            if (c > out.m_max) atomicMin(out.violation, static_cast<unsigned long long>(s) << 32 | e);
        }
    }
};

}  // namespace moe

#define EP_OUTPUT_PARAMS                                                                                            \
    int form, int topk, int m_max, int indptr_segments, const int *key_value, const int *out_offsets, int *src2dst, \
        int *reorder_topk_ids, int *reorder_ids, long long *seg_indptr, int *masked_m, unsigned long long *violation
#define EP_OUTPUT                                                                                                     \
    moe::EpOutput{form, topk, m_max, indptr_segments, key_value, out_offsets, src2dst, reorder_topk_ids, reorder_ids, \
                  seg_indptr, masked_m, violation}
