// Transitions between layers: how a group of token blocks lies in a batch.
//
// A group is blocks of the same layers, the same slot and the same topk. Its tokens are a line: block b has the tokens
// [line[b], line[b + 1]), and their ids at the group's x-th layer are segment first_segment[b] + x of the batch.
#pragma once
#include "count.cuh"

namespace moe {

struct Group {
    const void* ids;
    int type;
    const int* offsets;
    const int* line;
    const int* first_segment;
    int blocks;
    int layers;
    int topk;
    int num_experts;

    __device__ __forceinline__ int block_of(int token) const {
        int lo = 0;
        for (int hi = blocks; hi - lo > 1;) {
            int middle = (lo + hi) / 2;
            (__ldg(line + middle) <= token ? lo : hi) = middle;
        }
        return lo;
    }

    // Place of the first id of a token at a layer.
    __device__ __forceinline__ unsigned start(int token, int block, int layer) const {
        return static_cast<unsigned>(__ldg(offsets + __ldg(first_segment + block) + layer) - __ldg(offsets)) +
                static_cast<unsigned>((token - __ldg(line + block)) * topk);
    }

    // An id as it lies in memory, zero-extended; one below `limit` is an expert.
    __device__ __forceinline__ unsigned code(unsigned at) const {
        switch (bytes_of(type)) {
            case 1: return __ldg(static_cast<const uint8_t*>(ids) + at);
            case 2: return __ldg(static_cast<const uint16_t*>(ids) + at);
            default: return __ldg(static_cast<const unsigned*>(ids) + at);
        }
    }
};

// Adds a thread's odd ids to the tally, an addition a warp. All lanes have to come.
__device__ __forceinline__ void add_odd(unsigned masked, unsigned invalid, unsigned long long* tally) {
#pragma unroll
    for (int d = 16; d > 0; d /= 2) {
        masked += __shfl_xor_sync(ALL_LANES, masked, d);
        invalid += __shfl_xor_sync(ALL_LANES, invalid, d);
    }
    if ((threadIdx.x & 31) == 0) {
        if (masked != 0) atomicAdd(tally + tally_slot(MASKED), static_cast<unsigned long long>(masked));
        if (invalid != 0) atomicAdd(tally + tally_slot(INVALID), static_cast<unsigned long long>(invalid));
    }
}

}  // namespace moe

#define MOE_GROUP_PARAMS                                                                                        \
    const void *ids, int id_type, const int *offsets, const int *line, const int *first_segment, int blocks, \
            int layers, int topk, int num_experts
#define MOE_GROUP moe::Group{ids, id_type, offsets, line, first_segment, blocks, layers, topk, num_experts}
