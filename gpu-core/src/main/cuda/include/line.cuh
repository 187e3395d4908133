// Where the segments of a batch lie. Positions are ids from the first id of the batch; a batch has less than 2^31 ids and
// segments each, so that positions and segments together fit unsigned.
#pragma once
#include <cstdint>

#include "rank.cuh"

namespace moe {

// The batch seen as a line of units, one an id and one a segment's end, so that segments without ids have a place too.
struct Line {
    const int* offsets;
    int segments;
    int origin;  // offsets[0]

    __device__ __forceinline__ Line(const int* offsets, int segments)
        : offsets(offsets), segments(segments), origin(__ldg(offsets)) {}
    // Position of the first id of a segment.
    __device__ __forceinline__ unsigned start(int s) const {
        return static_cast<unsigned>(__ldg(offsets + s) - origin);
    }
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

}  // namespace moe
