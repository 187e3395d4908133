// Co-activation: what the kernels share.
//
// A block counts pairs of slots in shared memory: rows [first, last) of the upper triangle of experts x experts, int32, in
// `copies` copies, and `lacking` [experts] beside it. Tokens come as a line in the order of their group slots; runs say
// which part of the line has which slot and how many ids a token has. Where the triangle is too large for one block,
// `regions` blocks read the same tokens, each for rows of its own.
#pragma once
#include "count.cuh"

namespace moe {

enum Kind { TOKENS, PAIRS, ADJACENT };

constexpr int COACTIVATION_THREADS = 1024;

struct Line4 {
    const int* starts;  // first id of each token of the line; null: tokens lie in the line's order, all of one topk
    const int4* runs;   // from, to (tokens of the line), slot, topk
    int num_runs;
};

struct Shape {
    int num_experts;
    int usual;  // slots of a token that adds nothing to `lacking`
    int kind;
    const int* rows;  // [regions + 1]: first row of each region
    int regions;
    int copies;
};

// Where a row of the triangle would start if it had a cell for every expert.
__device__ __forceinline__ unsigned row_start(unsigned row, unsigned experts) {
    return row * (2 * experts - row - 1) / 2;
}

struct Part {
    unsigned* all;
    unsigned origin;  // shared-memory address that row 0 of this warp's copy would have
    int* lacking;
    unsigned first, span, base, count;
    int copies, usual;
    unsigned experts, limit;
    bool sets, counts_ids;

    __device__ __forceinline__ Part(unsigned* memory, const Shape& s, const Bins& bins) : all(memory) {
        int region = static_cast<int>(blockIdx.x) % s.regions;
        experts = s.num_experts;
        limit = bins.limit;
        first = __ldg(s.rows + region);
        unsigned last = __ldg(s.rows + region + 1);
        span = last - first;
        base = row_start(first, experts) + first;
        count = row_start(last, experts) + last - base;
        copies = s.copies;
        usual = s.usual;
        sets = s.kind == TOKENS;
        counts_ids = region == 0;
        unsigned* cells = all + threadIdx.x / 32 % s.copies * count;
        origin = static_cast<unsigned>(__cvta_generic_to_shared(cells)) - 4 * base;
        lacking = reinterpret_cast<int*>(all + s.copies * count);
    }
    __device__ __forceinline__ bool has(unsigned row) const { return row - first < span; }
    // Addresses are 32 bits and made by as few steps as can be: integer instructions are the second limit.
    __device__ __forceinline__ unsigned row(unsigned a) const { return a * (2 * experts - 1 - a) * 2 + origin; }
    __device__ __forceinline__ static void count_at(unsigned address) {
        asm volatile("red.shared.add.u32 [%0], 1;" ::"r"(address) : "memory");
    }
    __device__ __forceinline__ void add(unsigned a, unsigned b) const {
        unsigned low = min(a, b);
        if (has(low)) count_at(row(low) + 4 * max(a, b));
    }
    // A token with n ids that count makes up for the pairs that it has fewer than the usual one.
    __device__ __forceinline__ void lack(unsigned id, int n) const {
        if (counts_ids && n != usual) atomicAdd(lacking + id, usual - n);
    }
    __device__ __forceinline__ void clear() const {
        for (unsigned i = threadIdx.x; i < copies * count + experts; i += COACTIVATION_THREADS) all[i] = 0;
        __syncthreads();
    }

    // Adds all to the sums of a slot and clears it. Blocks begin at different cells, so as not to meet at the same ones.
    __device__ __forceinline__ void flush(unsigned long long* slot) const {
        __syncthreads();
        unsigned shift = blockIdx.x * 997u % max(count, 1u);
        for (unsigned i = threadIdx.x; i < count; i += COACTIVATION_THREADS) {
            unsigned cell = i + shift < count ? i + shift : i + shift - count;
            unsigned sum = 0;
            for (int c = 0; c < copies; c++) {
                sum += all[c * count + cell];
                all[c * count + cell] = 0;
            }
            if (sum != 0) atomicAdd(slot + base + cell, static_cast<unsigned long long>(sum));
        }
        unsigned long long* beside = slot + experts * (experts + 1) / 2;
        for (unsigned e = threadIdx.x; counts_ids && e < experts; e += COACTIVATION_THREADS) {
            if (lacking[e] != 0) atomicAdd(beside + e, static_cast<unsigned long long>(static_cast<long long>(lacking[e])));
            lacking[e] = 0;
        }
        __syncthreads();
    }
};

// Ids that a thread left out; one addition a warp at the end.
struct Odd {
    unsigned masked = 0, invalid = 0;

    __device__ __forceinline__ void count(const Bins& bins, unsigned code) {
        masked += bins.of(code) == 0;
        invalid += bins.of(code) > bins.limit;
    }
    __device__ __forceinline__ void add_to(unsigned long long* tally) const {
        for (int cause = 0; cause < 2; cause++) {
            unsigned sum = warp_sum(cause == 0 ? masked : invalid);
            if (sum != 0 && (threadIdx.x & 31) == 0) {
                atomicAdd(tally + tally_slot(cause == 0 ? MASKED : INVALID), static_cast<unsigned long long>(sum));
            }
        }
    }

private:
    __device__ __forceinline__ static unsigned warp_sum(unsigned v) {
#pragma unroll
        for (int d = 16; d > 0; d /= 2) v += __shfl_xor_sync(ALL_LANES, v, d);
        return v;
    }
};

// Calls f(from, to, topk) for the parts of this block's share of the line, each of one run and short enough that no cell
// can overflow, and flushes after each run's.
template <typename F>
__device__ __forceinline__ void
each_run(const Line4& line, const Part& part, const Shape& shape, unsigned long long* sums, int64_t stride, F f) {
    unsigned shares = gridDim.x / shape.regions, share = blockIdx.x / shape.regions;
    uint64_t tokens = __ldg(line.runs + line.num_runs - 1).y;
    unsigned lo = tokens * share / shares, hi = tokens * (share + 1) / shares;
    int r = 0;
    for (int end = line.num_runs; end - r > 1;) {
        int middle = (r + end) / 2;
        (static_cast<unsigned>(__ldg(line.runs + middle).x) <= lo ? r : end) = middle;
    }
    for (; r < line.num_runs && lo < hi; r++) {
        int4 run = __ldg(line.runs + r);
        unsigned end = min(hi, static_cast<unsigned>(run.y));
        unsigned most = 0x7fffffffu / static_cast<unsigned>(run.w * max(run.w, shape.usual));
        while (lo < end) {
            unsigned to = min(end, lo + most);
            f(lo, to, run.w);
            part.flush(sums + run.z * stride);
            lo = to;
        }
    }
}

}  // namespace moe
