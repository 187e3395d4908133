// The selected slots of one token, in the order of k, in shared memory of the block that works on the token.
#pragma once
#include "reorder_slots.cuh"

namespace moe {

struct Selected {
    int* rows;       // [topk]
    float* factors;  // [topk]: what the slot's values are multiplied by

    __device__ __forceinline__ Selected(void* shared, int topk)
        : rows(static_cast<int*>(shared)), factors(reinterpret_cast<float*>(rows + topk)) {}

    // All threads call this; `factor(slot, at)` gives a selected slot's factor. Returns how many there are.
    template <class F>
    __device__ __forceinline__ int gather(const Slots& s, int64_t token, int topk, bool first_piece, F&& factor) {
        __shared__ int count;
        if (threadIdx.x < 32) {
            int before = 0;
            for (int k = threadIdx.x; k - static_cast<int>(threadIdx.x) < topk; k += 32) {
                int64_t at = token * topk + k;
                Slot slot = slot_at(s, at, k < topk);
                if (first_piece) {
                    note(s, slot);
                }
                unsigned mask = __ballot_sync(0xffffffffu, slot.row >= 0);
                if (slot.row >= 0) {
                    int place = before + __popc(mask & ((1u << threadIdx.x) - 1));
                    rows[place] = slot.row;
                    factors[place] = factor(slot, at);
                }
                before += __popc(mask);
            }
            if (threadIdx.x == 0) {
                count = before;
            }
        }
        __syncthreads();
        return count;
    }
};

}  // namespace moe
