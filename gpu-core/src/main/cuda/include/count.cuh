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

// Counters of a block's histogram. One-byte ids count as the codes they are, which become bins when the histogram is
// added up: their counting is bound by instructions, where that of wider ids waits for memory.
template <int BYTES>
struct Cells {
    __device__ __forceinline__ static unsigned count(const Bins& bins) { return BYTES == 1 ? 256 : bins.count(); }
    __device__ __forceinline__ static unsigned of(const Bins& bins, unsigned code) { return BYTES == 1 ? code : bins.of(code); }
    __device__ __forceinline__ static unsigned bin(const Bins& bins, unsigned cell) { return BYTES == 1 ? bins.of(cell) : cell; }
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

// Calls f(code) for the ids of four vectors, i, i + team and so on; for those below `vectors` where CHECKED.
template <int BYTES, bool CHECKED, typename F>
__device__ __forceinline__ void each_of_four(const uint4* body, unsigned i, unsigned team, unsigned vectors, F f) {
    uint4 v[4];
#pragma unroll
    for (unsigned k = 0; k < 4; k++) {
        if (!CHECKED || i + k * team < vectors) v[k] = __ldg(body + i + k * team);
    }
#pragma unroll
    for (unsigned k = 0; k < 4; k++) {
        if (!CHECKED || i + k * team < vectors) each_of<BYTES>(v[k], f);
    }
}

// Calls f(code) for every id of [from, to), in no particular order; the team's threads, 32 or more, share them. A thread
// has four loads in flight to the very end: with the last ones taken one by one, blocks that end together wait for each.
// LEAN: the steady loop has no checks, for kernels of 32 registers; it is a second copy of the code.
template <int BYTES, bool LEAN, typename F>
__device__ __forceinline__ void each_code(const void* ids, unsigned from, unsigned to, unsigned thread, unsigned team, F f) {
    using T = typename Code<BYTES>::type;
    constexpr unsigned PER_VECTOR = 16 / BYTES;
    const T* p = static_cast<const T*>(ids) + from;
    unsigned n = to - from;
    unsigned head = min(n, static_cast<unsigned>(-reinterpret_cast<uintptr_t>(p) & 15) / BYTES);
    unsigned vectors = (n - head) / PER_VECTOR;
    unsigned edge = thread < head ? thread : thread + vectors * PER_VECTOR;  // fewer than 32 ids lie around the vectors
    unsigned edge_code = edge < n ? p[edge] : 0;
    const uint4* body = reinterpret_cast<const uint4*>(p + head);
    unsigned i = thread;
    for (; LEAN && i + 3 * team < vectors; i += 4 * team) {
        each_of_four<BYTES, false>(body, i, team, vectors, f);
    }
    for (; i < vectors; i += 4 * team) {
        each_of_four<BYTES, true>(body, i, team, vectors, f);
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

    // The segment that a unit belongs to, by a whole warp: first around where it would be if all had one length, then a
    // 32nd of the range a step.
    __device__ __forceinline__ int segment_of(unsigned unit, unsigned lane) const {
        int64_t guess = static_cast<int64_t>(static_cast<unsigned long long>(unit) * segments / units());
        int64_t probe = lane == 0 ? 0 : lane < 16 ? guess + 1 - (1 << (15 - lane)) : guess + (1 << (lane - 16));
        int64_t lo = 0;
        int64_t hi = segments;
        narrow(unit, max(int64_t{0}, min(probe, hi)), lo, hi);
        while (hi - lo > 1) {
            narrow(unit, min(hi, lo + (hi - lo + 31) / 32 * lane), lo, hi);
        }
        return static_cast<int>(lo);
    }

private:
    // probe: ascending over the lanes, at most hi, the first lane's at or below the answer.
    __device__ __forceinline__ void narrow(unsigned unit, int64_t probe, int64_t& lo, int64_t& hi) const {
        bool before = probe < hi && start(static_cast<int>(probe)) + static_cast<unsigned>(probe) <= unit;
        int passed = __popc(__ballot_sync(ALL_LANES, before));
        lo = __shfl_sync(ALL_LANES, probe, passed - 1);
        hi = passed < 32 ? __shfl_sync(ALL_LANES, probe, passed) : hi;
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

// A block's histogram is REPLICAS times Cells::count counters, all zero before count_block and after add_up.
template <int BYTES, unsigned THREADS>
__device__ __forceinline__ void clear_block(unsigned* replicas, const Bins& bins) {
    for (unsigned i = threadIdx.x; i < REPLICAS * Cells<BYTES>::count(bins); i += THREADS) {
        replicas[i] = 0;
    }
}

template <int BYTES, unsigned THREADS, bool LEAN>
__device__ __forceinline__ void count_block(unsigned* replicas, const Bins& bins, const void* ids, unsigned from, unsigned to) {
    unsigned* mine = replicas + (threadIdx.x / 32 % REPLICAS) * Cells<BYTES>::count(bins);
    each_code<BYTES, LEAN>(ids, from, to, threadIdx.x, THREADS, [&](unsigned code) { atomicAdd(mine + Cells<BYTES>::of(bins, code), 1u); });
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
template <int BYTES>
__device__ __forceinline__ void add_up(
        unsigned* replicas, const Bins& bins, unsigned long long* row, unsigned long long* tally) {
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
