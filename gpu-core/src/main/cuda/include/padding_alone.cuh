// Padding figures of a row of up to ALONE ids by one thread, in registers, without a histogram (padding.cuh says why).
#pragma once
#include "padding.cuh"

namespace moe {

// The codes of a row as bins; ABSENT beyond its end.
constexpr unsigned ABSENT = 0xffffffffu;

template <int BYTES, unsigned MAX>
__device__ __forceinline__ void
load_row(unsigned (&bin)[MAX], const void* ids, unsigned start, unsigned n, const Bins& bins) {
    const auto* p = static_cast<const typename Code<BYTES>::type*>(ids) + start;
    constexpr unsigned WORDS = MAX * BYTES / 4;
    if (MAX == 8 && n == 8 && (reinterpret_cast<uintptr_t>(p) & 7) == 0) {
        unsigned word[WORDS];
#pragma unroll
        for (unsigned w = 0; w < WORDS; w += 2) {
            uint2 v = __ldg(reinterpret_cast<const uint2*>(p) + w / 2);
            word[w] = v.x;
            word[w + 1] = v.y;
        }
#pragma unroll
        for (unsigned i = 0; i < MAX; i++) {
            unsigned shifted = word[i * BYTES / 4] >> (i * BYTES % 4 * 8);
            bin[i] = bins.of(BYTES == 4 ? shifted : shifted & ((1u << (8 * BYTES % 32)) - 1));
        }
    } else {
#pragma unroll
        for (unsigned i = 0; i < MAX; i++) {
            bin[i] = i < n ? bins.of(p[i]) : ABSENT;
        }
    }
}

template <unsigned MAX>
__device__ __forceinline__ void count_odd(const unsigned (&bin)[MAX], const Bins& bins, Round& round) {
#pragma unroll
    for (unsigned i = 0; i < MAX; i++) {
        if (bin[i] - 1 >= bins.limit && bin[i] != ABSENT) {
            atomicAdd(round.odd + (bin[i] != 0), 1u);
        }
    }
}

template <unsigned MAX>
__device__ __forceinline__ unsigned rank_in_row(const unsigned (&bin)[MAX], unsigned i) {
    unsigned rank = 0;
#pragma unroll
    for (unsigned k = 0; k < i; k++) {
        rank += bin[k] == bin[i];
    }
    return rank;
}

template <unsigned MAX>
__device__ __forceinline__ bool seen_before(const unsigned (&bin)[MAX], unsigned i) {
    bool seen = false;
#pragma unroll
    for (unsigned k = 0; k < i; k++) {
        seen |= bin[k] == bin[i];
    }
    return seen;
}

// One thread, one row of up to MAX ids: writes blocks of every size to `staged`.
template <unsigned MAX>
__device__ __forceinline__ Figures measure_alone(const void* ids, int id_bytes, unsigned start, unsigned n,
        const Bins& bins, Round& round, int sizes, uint16_t* staged) {
    unsigned bin[MAX];
    switch (id_bytes) {
        case 1: load_row<1>(bin, ids, start, n, bins); break;
        case 2: load_row<2>(bin, ids, start, n, bins); break;
        default: load_row<4>(bin, ids, start, n, bins); break;
    }
    Figures figures = {0, 0};
#pragma unroll
    for (unsigned i = 0; i < MAX; i++) {
        figures.used += bin[i] - 1 < bins.limit;
    }
    if (figures.used != n) {
        count_odd(bin, bins, round);
    }
    if (n <= round.smallest) {  // one block an expert, whatever the size: ranks do not matter
#pragma unroll
        for (unsigned i = 0; i < MAX; i++) {
            figures.active += bin[i] - 1 < bins.limit && !seen_before(bin, i);
        }
        for (int j = 0; j < sizes; j++) {
            staged[j] = static_cast<uint16_t>(figures.active);
        }
        return figures;
    }
#pragma unroll
    for (unsigned i = MAX; i-- > 0;) {
        bool in = bin[i] - 1 < bins.limit;
        unsigned rank = rank_in_row(bin, i);
        figures.active += in && rank == 0;
        bin[i] = in ? 1u << rank : 0;  // those below are not read as bins again
    }
    for (int j = 0; j < sizes; j++) {
        unsigned blocks = figures.active;
        if (round.size[j] < n) {
            unsigned opens = round.opens[j];
            blocks = 0;
#pragma unroll
            for (unsigned i = 0; i < MAX; i++) {
                blocks += (bin[i] & opens) != 0;
            }
        }
        staged[j] = static_cast<uint16_t>(blocks);
    }
    return figures;
}

}  // namespace moe
