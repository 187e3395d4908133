// Co-activation: adds the pairs of slots of every token of a batch to sums [slots][triangle + experts], uint64, resident
// on the device from batch to batch: the upper triangle of pairs, i in one slot and j in another of the same token, then
// `lacking`. How often an expert is named follows from its pairs (a token of k slots adds k - 1 to each of its experts), so
// the usual token costs its k (k - 1) / 2 additions and no more; what other tokens lack for that sum is in `lacking`.
//
// coactivation_k8, _k6: tokens of 8 or 6 ids that start at multiples of their size, all kinds but ADJACENT. A thread takes
// a token, sorts its ids in registers, so that a row's address is computed once, the largest tells whether any is odd, and
// equal ids lie side by side. Shared-memory atomics on random banks bound it: 9 of 32 a clock.
// coactivation_any.cu has all others.
#include "include/coactivation.cuh"

using namespace moe;

namespace {

constexpr int THREADS = COACTIVATION_THREADS;

template <int BYTES, int COUNT>
__device__ __forceinline__ void load_words(const void* ids, unsigned start, unsigned (&v)[COUNT]) {
    const uint8_t* p = static_cast<const uint8_t*>(ids) + static_cast<size_t>(start) * BYTES;
    constexpr int SIZE = BYTES * COUNT;
    constexpr int UNIT = SIZE % 16 == 0 ? 16 : SIZE % 8 == 0 ? 8 : SIZE % 4 == 0 ? 4 : 2;
#pragma unroll
    for (int u = 0; u < SIZE / UNIT; u++) {
        unsigned w[4];
        if (UNIT == 16) {
            uint4 q = __ldg(reinterpret_cast<const uint4*>(p) + u);
            w[0] = q.x, w[1] = q.y, w[2] = q.z, w[3] = q.w;
        } else if (UNIT == 8) {
            uint2 q = __ldg(reinterpret_cast<const uint2*>(p) + u);
            w[0] = q.x, w[1] = q.y;
        } else {
            w[0] = UNIT == 4 ? __ldg(reinterpret_cast<const unsigned*>(p) + u)
                             : __ldg(reinterpret_cast<const unsigned short*>(p) + u);
        }
#pragma unroll
        for (int b = 0; b < UNIT / BYTES; b++) {
            unsigned word = w[b * BYTES / 4] >> 8 * (b * BYTES % 4);
            v[u * (UNIT / BYTES) + b] = BYTES == 4 ? word : word & ((1u << 8 * BYTES % 32) - 1);
        }
    }
}

template <int K>
__device__ __forceinline__ void load_token(const void* ids, int type, unsigned start, unsigned (&v)[K]) {
    switch (bytes_of(type)) {
        case 1: load_words<1>(ids, start, v); break;
        case 2: load_words<2>(ids, start, v); break;
        default: load_words<4>(ids, start, v); break;
    }
}

__device__ __forceinline__ void order(unsigned& a, unsigned& b) {
    unsigned low = min(a, b);
    b = max(a, b);
    a = low;
}

// Sorting networks with the fewest exchanges.
__device__ __forceinline__ void sort(unsigned (&v)[8]) {
    order(v[0], v[2]), order(v[1], v[3]), order(v[4], v[6]), order(v[5], v[7]);
    order(v[0], v[4]), order(v[1], v[5]), order(v[2], v[6]), order(v[3], v[7]);
    order(v[0], v[1]), order(v[2], v[3]), order(v[4], v[5]), order(v[6], v[7]);
    order(v[2], v[4]), order(v[3], v[5]), order(v[1], v[4]), order(v[3], v[6]);
    order(v[1], v[2]), order(v[3], v[4]), order(v[5], v[6]);
}

__device__ __forceinline__ void sort(unsigned (&v)[6]) {
    order(v[0], v[5]), order(v[1], v[3]), order(v[2], v[4]), order(v[1], v[2]), order(v[3], v[4]), order(v[0], v[3]);
    order(v[2], v[5]), order(v[0], v[1]), order(v[2], v[3]), order(v[4], v[5]), order(v[1], v[2]), order(v[3], v[4]);
}

// A token with odd or repeated ids or an unusual number of them.
template <int K>
__device__ __forceinline__ void add_carefully(const unsigned (&v)[K], const Part& part, const Bins& bins, Odd& odd) {
    unsigned taken = 0;
#pragma unroll
    for (int i = 0; i < K; i++) {
        bool in = v[i] < part.limit;
        if (!in && part.counts_ids) odd.count(bins, v[i]);
        taken |= (in && !(part.sets && i > 0 && v[i] == v[i > 0 ? i - 1 : 0])) << i;
    }
#pragma unroll
    for (int i = 0; i < K; i++) {
        if ((taken >> i & 1) == 0) continue;
        part.lack(v[i], __popc(taken));
#pragma unroll
        for (int j = i + 1; j < K; j++) {
            if (taken >> j & 1) part.add(v[i], v[j]);
        }
    }
}

template <int K>
__device__ __forceinline__ void add_token(unsigned (&v)[K], const Part& part, const Bins& bins, Odd& odd) {
    sort(v);
    bool plain = v[K - 1] < part.limit && part.usual == K;
    if (part.sets) {
#pragma unroll
        for (int i = 1; i < K; i++) plain &= v[i] != v[i - 1];
    }
    if (!plain) {
        add_carefully(v, part, bins, odd);
        return;
    }
    unsigned column[K];
#pragma unroll
    for (int i = 1; i < K; i++) column[i] = 4 * v[i];
#pragma unroll
    for (int i = 0; i < K - 1; i++) {
        if (part.has(v[i])) {
            unsigned row = part.row(v[i]);
#pragma unroll
            for (int j = i + 1; j < K; j++) part.count_at(row + column[j]);
        }
    }
}

template <int K>
__device__ __forceinline__ void
add_all(const void* ids, int type, const Line4& line, const Shape& shape, unsigned long long* sums,
        unsigned long long* tally) {
    extern __shared__ unsigned memory[];
    Bins bins = bins_of(type, shape.num_experts);
    Part part(memory, shape, bins);
    Odd odd;
    part.clear();
    int64_t stride = shape.num_experts * (shape.num_experts + 3) / 2;
    each_run(line, part, shape, sums, stride, [&](unsigned from, unsigned to, int) {
        for (unsigned i = from + threadIdx.x; i < to; i += THREADS) {
            unsigned v[K];
            load_token(ids, type, line.starts == nullptr ? i * K : static_cast<unsigned>(__ldg(line.starts + i)), v);
            add_token(v, part, bins, odd);
        }
    });
    odd.add_to(tally);
}

}  // namespace

#define COACTIVATION(name, k)                                                                                        \
    extern "C" __global__ void __launch_bounds__(THREADS, 1)                                                         \
            name(const void* ids, int id_type, const int* starts, const int4* runs, int num_runs, int num_experts,   \
                    int usual, int kind, const int* rows, int regions, int copies, unsigned long long* sums,         \
                    unsigned long long* tally) {                                                                     \
        add_all<k>(ids, id_type, {starts, runs, num_runs}, {num_experts, usual, kind, rows, regions, copies}, sums,  \
                tally);                                                                                              \
    }

COACTIVATION(coactivation_k8, 8)
COACTIVATION(coactivation_k6, 6)
