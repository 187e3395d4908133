// Counting ids in shared memory, without ranks: what the counting operators share.
//
// An id's code (its bytes, zero-extended) becomes a bin by one addition, one mask and one minimum, whatever it is:
//   0            masked
//   [1, limit]   expert bin - 1; limit = the experts that the id type can name, at most num_experts
//   limit + 1    invalid
// so odd ids cost nothing, index nothing out of range and are sorted out only when a histogram is added up.
// Codes are read 16 bytes at a time wherever an aligned 16 bytes lie inside the range, four loads in flight.
// Positions are ids from the first id of the batch; positions and segments together stay below 2^32, hence unsigned.
#pragma once
#include "keys.cuh"

namespace moe {

constexpr int REPLICAS = 4;  // histograms side by side a block: warps that meet the same expert wait less for each other
constexpr unsigned ALL_LANES = 0xffffffffu;

struct Bins {
    unsigned wrap;   // bits of a code in types where all-ones is -1: adding one makes it 0
    unsigned limit;
    __device__ __forceinline__ unsigned of(unsigned code) const { return min((code + 1) & wrap, limit + 1); }
    __device__ __forceinline__ unsigned count() const { return limit + 2; }
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
struct Code<1> { using type = uint8_t; };
template <>
struct Code<2> { using type = uint16_t; };
template <>
struct Code<4> { using type = uint32_t; };

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

// Calls f(code) for every id of [from, to); the team's threads share them. In no particular order. DEEP: four loads in
// flight a thread, for ranges long enough to need them; it unrolls f often.
template <int BYTES, bool DEEP, typename F>
__device__ __forceinline__ void each_code(const void* ids, unsigned from, unsigned to, unsigned thread, unsigned team, F f) {
    using T = typename Code<BYTES>::type;
    const T* p = static_cast<const T*>(ids) + from;
    unsigned n = to - from;
    unsigned head = min(n, static_cast<unsigned>(-reinterpret_cast<uintptr_t>(p) & 15) / BYTES);
#pragma unroll 1
    for (unsigned i = thread; i < head; i += team) {
        f(p[i]);
    }
    const uint4* body = reinterpret_cast<const uint4*>(p + head);
    unsigned vectors = (n - head) / (16 / BYTES);
    unsigned i = thread;
    for (; DEEP && i + 3 * team < vectors; i += 4 * team) {
        uint4 a = __ldg(body + i);
        uint4 b = __ldg(body + i + team);
        uint4 c = __ldg(body + i + 2 * team);
        uint4 d = __ldg(body + i + 3 * team);
        each_of<BYTES>(a, f);
        each_of<BYTES>(b, f);
        each_of<BYTES>(c, f);
        each_of<BYTES>(d, f);
    }
#pragma unroll 1
    for (; i < vectors; i += team) {
        each_of<BYTES>(__ldg(body + i), f);
    }
#pragma unroll 1
    for (unsigned t = head + vectors * (16 / BYTES) + thread; t < n; t += team) {
        f(p[t]);
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

// The batch seen as a line of units, one an id and one a segment's end, so that segments without ids have a place too.
struct Line {
    const int* offsets;
    int segments;
    int origin;  // offsets[0]

    __device__ __forceinline__ Line(const int* offsets, int segments)
        : offsets(offsets), segments(segments), origin(__ldg(offsets)) {}
    // Position of the first id of a segment.
    __device__ __forceinline__ unsigned start(int s) const { return static_cast<unsigned>(__ldg(offsets + s) - origin); }
    __device__ __forceinline__ unsigned units() const { return start(segments) + segments; }

    // The segment that a unit belongs to; by a whole warp, a 32nd of the range a step.
    __device__ __forceinline__ int segment_of(unsigned unit, unsigned lane) const {
        unsigned lo = 0;
        unsigned hi = segments;
        while (hi - lo > 1) {
            unsigned step = (hi - lo + 31) / 32;
            unsigned probe = lo + step * lane;
            bool before = probe < hi && start(probe) + probe <= unit;
            unsigned passed = __popc(__ballot_sync(ALL_LANES, before));
            lo += step * (passed - 1);
            hi = min(hi, lo + step);
        }
        return lo;
    }
};

// The part of a segment that lies in the units [from, to).
struct Piece {
    unsigned from;
    unsigned to;
    __device__ __forceinline__ Piece(const Line& line, int s, unsigned unit_from, unsigned unit_to) {
        unsigned begin = line.start(s);
        unsigned n = line.start(s + 1) - begin;
        unsigned unit = begin + s;
        from = begin + (unit_from > unit ? min(n, unit_from - unit) : 0);
        to = begin + (unit_to > unit ? min(n, unit_to - unit) : 0);
    }
    __device__ __forceinline__ unsigned length() const { return to - from; }
};

// A block's histogram: REPLICAS times bins.count() counters, all zero before and after add_up.
template <int BYTES, unsigned THREADS>
__device__ __forceinline__ void count_block(unsigned* replicas, const Bins& bins, const void* ids, unsigned from, unsigned to) {
    unsigned* mine = replicas + (threadIdx.x / 32 % REPLICAS) * bins.count();
    each_code<BYTES, true>(ids, from, to, threadIdx.x, THREADS, [&](unsigned code) { atomicAdd(mine + bins.of(code), 1u); });
}

// Adds the count of one bin to a row [num_experts], or to the tally.
__device__ __forceinline__ void add_bin(
        unsigned long long* row, unsigned long long* tally, const Bins& bins, unsigned bin, unsigned count) {
    if (count != 0) {
        bool odd = bin == 0 || bin > bins.limit;
        atomicAdd(odd ? tally + (bin == 0 ? MASKED : INVALID) : row + (bin - 1), static_cast<unsigned long long>(count));
    }
}

// Adds the block's histogram to a row and clears it. Barriers before and after are inside.
__device__ __forceinline__ void add_up(
        unsigned* replicas, const Bins& bins, unsigned long long* row, unsigned long long* tally) {
    __syncthreads();
    for (unsigned bin = threadIdx.x; bin < bins.count(); bin += blockDim.x) {
        unsigned sum = 0;
#pragma unroll
        for (int r = 0; r < REPLICAS; r++) {
            sum += replicas[r * bins.count() + bin];
            replicas[r * bins.count() + bin] = 0;
        }
        add_bin(row, tally, bins, bin, sum);
    }
    __syncthreads();
}

}  // namespace moe
