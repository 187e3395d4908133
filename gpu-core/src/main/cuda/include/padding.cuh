// Padding figures of a segment: sum over experts of ceil(count / block_size) at several block sizes, ids that fill slots,
// and experts with at least one id. Shared by padding.cu (a result a segment) and padding_sums.cu (sums a slot).
//
// Blocks without a histogram: the ids of an expert whose rank in it is a multiple of block_size each open a block, so
// blocks = the number of such ids. A row of up to ALONE ids is therefore measured by one thread in registers, from ranks
// found by comparing all pairs. Longer ones are counted by a warp; where no expert has more ids than the smallest block
// size, every block size needs one block an active expert and nothing is divided.
// A launch takes up to ROUND block sizes, lane j of a warp in charge of the jth; more are taken in rounds.
#pragma once
#include "rows.cuh"

namespace moe {

constexpr int ROUND = 32;
constexpr unsigned ALONE = 16;
constexpr int PADDING_THREADS = 128;
constexpr int PADDING_BLOCKS = 8;  // a multiprocessor
constexpr int PADDING_WARPS = PADDING_THREADS / 32;

struct Sizes {
    const int* all;
    int total;  // block sizes of the call
    int first;  // the first of this round

    __device__ __forceinline__ int count() const { return min(ROUND, total - first); }
    __device__ __forceinline__ bool first_round() const { return first == 0; }
};

// Block sizes of the round, by the block; opens[j] has bit r set where an id of rank r < ALONE opens a block.
struct Round {
    unsigned size[ROUND];
    unsigned opens[ROUND];
    unsigned smallest;
    unsigned odd[2];

    __device__ __forceinline__ void prepare(const Sizes& sizes) {
        if (threadIdx.x < 32) {
            unsigned b = threadIdx.x < static_cast<unsigned>(sizes.count()) ? sizes.all[sizes.first + threadIdx.x]
                                                                            : 0x7fffffff;
            unsigned mask = 0;
            for (unsigned r = 0; r < ALONE; r += b) {
                mask |= 1u << r;
            }
            size[threadIdx.x] = b;
            opens[threadIdx.x] = mask;
            unsigned least = ~warp_max(~b);
            if (threadIdx.x == 0) {
                smallest = least;
            }
        }
        if (threadIdx.x < 2) {
            odd[threadIdx.x] = 0;
        }
        __syncthreads();
    }
};

struct Figures {
    unsigned used;
    unsigned active;
};

// One warp, the counts of one segment: count_of(expert). Returns in lane j the blocks of size j.
template <typename CountOf>
__device__ __forceinline__ unsigned
measure(int num_experts, const Round& round, int sizes, unsigned lane, Figures& figures, CountOf count_of) {
    figures = {0, 0};
    unsigned most = 0;
    for (int e = lane; e < num_experts; e += 32) {
        unsigned count = count_of(e);
        figures.used += count;
        figures.active += count != 0;
        most = max(most, count);
    }
    figures.used = warp_sum(figures.used);
    figures.active = warp_sum(figures.active);
    if (warp_max(most) <= round.smallest) {
        return figures.active;
    }
    unsigned mine = 0;
    for (int j = 0; j < sizes; j++) {
        unsigned size = round.size[j];
        unsigned blocks = 0;
        for (int e = lane; e < num_experts; e += 32) {
            unsigned count = count_of(e);
            blocks += count <= size ? count != 0 : (count + (size - 1)) / size;
        }
        blocks = warp_sum(blocks);
        mine = static_cast<int>(lane) == j ? blocks : mine;
    }
    return mine;
}

}  // namespace moe
