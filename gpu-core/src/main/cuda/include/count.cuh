// Counting ids in shared memory, without ranks: what the counting operators share.
//
// An id's code (its bytes, zero-extended) becomes a bin by one addition, one mask and one minimum, whatever it is:
//   0            masked
//   [1, limit]   expert bin - 1; limit = the experts that the id type can name, at most num_experts
//   limit + 1    invalid
// so odd ids cost nothing, index nothing out of range and are sorted out only when a histogram is added up.
// Codes are read 16 bytes at a time wherever an aligned 16 bytes lie inside the range, DEPTH loads in flight.
#pragma once
#include "keys.cuh"
#include "line.cuh"

namespace moe {

constexpr int REPLICAS =
        4;  // histograms side by side a block: warps that meet the same expert wait less for each other
constexpr unsigned DEPTH = 4;  // more is not faster, on account of registers

struct Bins {
    unsigned wrap;  // bits of a code in types where all-ones is -1: adding one makes it 0
    unsigned limit;
    __device__ __forceinline__ unsigned of(unsigned code) const { return min((code + 1) & wrap, limit + 1); }
    __device__ __forceinline__ unsigned count() const { return limit + 2; }
};

// Counters of a block's histogram. One-byte ids count as the codes they are, which become bins when the histogram is
// added up: their counting is bound by instructions, where that of wider ids waits for memory.
template <int BYTES>
struct Cells {
    __device__ __forceinline__ static unsigned count(const Bins& bins) { return BYTES == 1 ? 256 : bins.count(); }
    __device__ __forceinline__ static unsigned of(const Bins& bins, unsigned code) {
        return BYTES == 1 ? code : bins.of(code);
    }
    __device__ __forceinline__ static unsigned bin(const Bins& bins, unsigned cell) {
        return BYTES == 1 ? bins.of(cell) : cell;
    }
};

__device__ __forceinline__ Bins bins_of(int type, int num_experts) {
    switch (type) {
        case INT8: return {0xffu, static_cast<unsigned>(min(num_experts, 0x80))};
        case UINT8: return {ALL_LANES, static_cast<unsigned>(min(num_experts, 0x100))};
        case UINT8_MASKED: return {0xffu, static_cast<unsigned>(min(num_experts, 0xff))};
        case UINT16: return {ALL_LANES, static_cast<unsigned>(num_experts)};
        case INT16:
        case UINT16_MASKED: return {0xffffu, static_cast<unsigned>(num_experts)};
        default: return {ALL_LANES, static_cast<unsigned>(num_experts)};
    }
}

template <int BYTES>
struct Code;
template <>
struct Code<1> {
    using type = uint8_t;
};
template <>
struct Code<2> {
    using type = uint16_t;
};
template <>
struct Code<4> {
    using type = uint32_t;
};

template <int BYTES, typename F>
__device__ __forceinline__ void each_of_word(unsigned word, F f) {
#pragma unroll
    for (int b = 0; b < 4; b += BYTES) {
        f(BYTES == 4 ? word : (word >> (8 * b)) & ((1u << (8 * BYTES % 32)) - 1));
    }
}

template <int BYTES, typename F>
__device__ __forceinline__ void each_of(uint4 v, F f) {
    each_of_word<BYTES>(v.x, f);
    each_of_word<BYTES>(v.y, f);
    each_of_word<BYTES>(v.z, f);
    each_of_word<BYTES>(v.w, f);
}

// Calls f(code) for every id of [from, to), in no particular order; the team's threads, 32 or more, share them. A thread
// has DEPTH loads in flight to the very end: with the last ones taken one by one, blocks that end together wait for each.
template <int BYTES, typename F>
__device__ __forceinline__ void
each_code(const void* ids, unsigned from, unsigned to, unsigned thread, unsigned team, F f) {
    using T = typename Code<BYTES>::type;
    constexpr unsigned PER_VECTOR = 16 / BYTES;
    const T* p = static_cast<const T*>(ids) + from;
    unsigned n = to - from;
    unsigned head = min(n, static_cast<unsigned>(-reinterpret_cast<uintptr_t>(p) & 15) / BYTES);
    unsigned vectors = (n - head) / PER_VECTOR;
    unsigned edge = thread < head ? thread : thread + vectors * PER_VECTOR;  // fewer than 32 ids lie around the vectors
    unsigned edge_code = edge < n ? p[edge] : 0;
    const uint4* body = reinterpret_cast<const uint4*>(p + head);
    for (unsigned i = thread; i < vectors; i += DEPTH * team) {
        uint4 v[DEPTH];
#pragma unroll
        for (unsigned k = 0; k < DEPTH; k++) {
            if (i + k * team < vectors) v[k] = __ldg(body + i + k * team);
        }
#pragma unroll
        for (unsigned k = 0; k < DEPTH; k++) {
            if (i + k * team < vectors) each_of<BYTES>(v[k], f);
        }
    }
    if (edge < n) {
        f(edge_code);
    }
}

// Calls f(code) for the few ids of [from, to) in their order, from one thread.
template <int BYTES, typename F>
__device__ __forceinline__ void each_code_alone(const void* ids, unsigned from, unsigned to, F f) {
    using T = typename Code<BYTES>::type;
    const T* p = static_cast<const T*>(ids) + from;
    unsigned n = to - from;
    if (((reinterpret_cast<uintptr_t>(p) | (n * BYTES)) & 7) == 0) {
        const uint2* body = reinterpret_cast<const uint2*>(p);
#pragma unroll 1
        for (unsigned i = 0; i < n * BYTES / 8; i++) {
            uint2 v = __ldg(body + i);
            each_of_word<BYTES>(v.x, f);
            each_of_word<BYTES>(v.y, f);
        }
    } else {
#pragma unroll 1
        for (unsigned i = 0; i < n; i++) {
            f(p[i]);
        }
    }
}

// A block's histogram is REPLICAS times Cells::count counters, all zero before count_block and after add_up.
template <int BYTES, unsigned THREADS>
__device__ __forceinline__ void clear_block(unsigned* replicas, const Bins& bins) {
    for (unsigned i = threadIdx.x; i < REPLICAS * Cells<BYTES>::count(bins); i += THREADS) {
        replicas[i] = 0;
    }
}

template <int BYTES, unsigned THREADS>
__device__ __forceinline__ void
count_block(unsigned* replicas, const Bins& bins, const void* ids, unsigned from, unsigned to) {
    unsigned* mine = replicas + (threadIdx.x / 32 % REPLICAS) * Cells<BYTES>::count(bins);
    each_code<BYTES>(ids, from, to, threadIdx.x, THREADS,
            [&](unsigned code) { atomicAdd(mine + Cells<BYTES>::of(bins, code), 1u); });
}

// Adds the count of one bin to a row [num_experts], or to the tally.
__device__ __forceinline__ void
add_bin(unsigned long long* row, unsigned long long* tally, const Bins& bins, unsigned bin, unsigned count) {
    if (count != 0) {
        bool odd = bin == 0 || bin > bins.limit;
        atomicAdd(
                odd ? tally + tally_slot(bin == 0 ? MASKED : INVALID) : row + (bin - 1), static_cast<unsigned long long>(count));
    }
}

// Adds the block's histogram to a row and clears it. Barriers before and after are inside.
template <int BYTES>
__device__ __forceinline__ void
add_up(unsigned* replicas, const Bins& bins, unsigned long long* row, unsigned long long* tally) {
    unsigned cells = Cells<BYTES>::count(bins);
    __syncthreads();
    for (unsigned cell = threadIdx.x; cell < cells; cell += blockDim.x) {
        unsigned sum = 0;
#pragma unroll
        for (int r = 0; r < REPLICAS; r++) {
            sum += replicas[r * cells + cell];
            replicas[r * cells + cell] = 0;
        }
        add_bin(row, tally, bins, Cells<BYTES>::bin(bins, cell), sum);
    }
    __syncthreads();
}

}  // namespace moe
