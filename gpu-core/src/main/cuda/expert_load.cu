// Expert load: adds every id of a batch to counts[slot of its segment][expert].
//
// ids, offsets int32 [segments + 1]: the batch. slots int32 [segments]. counts int64 [slots][num_experts], resident on
// the device from batch to batch. tally int64: masked and invalid ids. Launch: as many blocks as run at once, each with
// an equal share of the batch's line (ids and segment ends), so that uneven segments do not unbalance them.
//
// expert_load_segments, for long segments: a block streams its share through one histogram and adds that to the slot's
// counts when another slot comes. expert_load_rows, for short ones, looks at GROUP segments at a time. Are they all of
// one slot, they are one range of ids, counted as above. Otherwise a segment of LONG ids and more is such a range by
// itself, one of up to ALONE ids belongs to a thread, others to a warp; these short ones count in `cached` further
// histograms, one a slot, which slots claim by the low bits of their number and keep to the end of the block. A slot that
// finds its place taken counts straight in device memory: rows of ever changing slots cost an atomic an id, never a
// histogram a row. One large block a multiprocessor, because each block adds all it cached to device memory at its end.
#include "include/slots.cuh"

using namespace moe;

namespace {

constexpr int SEGMENTS_THREADS = 512;
constexpr int THREADS = 1024;
constexpr int PER_THREAD = 4;
constexpr int GROUP = PER_THREAD * THREADS;
constexpr unsigned ALONE = 32;
constexpr unsigned LONG = 4096;
template <int BYTES>
__device__ __forceinline__ void count_short(const Load& load, const Shared& shared, const Bins& bins, int slot,
        const Piece& piece, unsigned thread, unsigned team) {
    unsigned* histogram = claim(load, shared, bins, slot);
    unsigned long long* row = load.row(slot);
    auto count = [&](unsigned code) {
        unsigned bin = bins.of(code);
        if (histogram != nullptr) {
            atomicAdd(histogram + bin, 1u);
        } else {
            add_bin(row, load.tally, bins, bin, 1);
        }
    };
    if (team == 1) {
        each_code_alone<BYTES>(load.ids, piece.from, piece.to, count);
    } else {
        each_code<BYTES>(load.ids, piece.from, piece.to, thread, team, count);
    }
}

// The short segments of a group whose segments have different slots; lists the long ones and returns their number.
template <int BYTES>
__device__ __forceinline__ int count_mixed(const Load& load, const Shared& shared, const Bins& bins, const Line& line,
        const Share& share, int group, int end) {
    __shared__ int longs;
    __shared__ int shorts;
    if (threadIdx.x == 0) {
        longs = 0;
        shorts = 0;
    }
    __syncthreads();
#pragma unroll
    for (int k = 0; k < PER_THREAD; k++) {
        int s = group + k * THREADS + static_cast<int>(threadIdx.x);
        if (s < end) {
            Piece piece(line, s, share.from, share.to);
            if (piece.length() > ALONE) {
                int at = piece.length() >= LONG ? atomicAdd(&longs, 1) : GROUP - 1 - atomicAdd(&shorts, 1);
                shared.listed[at] = static_cast<uint16_t>(s - group);
            } else if (piece.length() > 0) {
                count_short<BYTES>(load, shared, bins, __ldg(load.slots + s), piece, 0, 1);
            }
        }
    }
    __syncthreads();
    for (int i = threadIdx.x / 32; i < shorts; i += THREADS / 32) {
        int s = group + shared.listed[GROUP - 1 - i];
        Piece piece(line, s, share.from, share.to);
        count_short<BYTES>(load, shared, bins, __ldg(load.slots + s), piece, threadIdx.x & 31, 32);
    }
    return longs;
}

// Whether the segments of [group, end) all have the slot of the first.
__device__ __forceinline__ bool one_slot(const int* slots, int group, int end) {
    int slot = __ldg(slots + group);
    bool same = true;
#pragma unroll
    for (int k = 0; k < PER_THREAD; k++) {
        int s = group + k * THREADS + static_cast<int>(threadIdx.x);
        same &= s >= end || __ldg(slots + s) == slot;
    }
    return __syncthreads_and(same);
}

template <int BYTES>
__device__ __forceinline__ void
add_rows(const Load& load, const Shared& shared, const Bins& bins, const Line& line, int* ends) {
    clear_block<BYTES, THREADS>(shared.replicas, bins);
    Share share(line, ends);
    Current current;
    for (int group = share.first; group <= share.last; group += GROUP) {
        int end = min(group + GROUP, share.last + 1);
        bool one = one_slot(load.slots, group, end);
        int ranges = one ? 1 : count_mixed<BYTES>(load, shared, bins, line, share, group, end);
        for (int i = 0; i < ranges; i++) {
            int head = one ? group : group + shared.listed[i];
            int tail = one ? end - 1 : head;
            current.turn_to<BYTES>(__ldg(load.slots + head), load, shared.replicas, bins);
            count_block<BYTES, THREADS>(shared.replicas, bins, load.ids, Piece(line, head, share.from, share.to).from,
                    Piece(line, tail, share.from, share.to).to);
        }
        __syncthreads();
    }
    current.turn_to<BYTES>(FREE, load, shared.replicas, bins);
}

template <int BYTES>
__device__ __forceinline__ void
add_segments(const Load& load, unsigned* replicas, const Bins& bins, const Line& line, int* ends) {
    clear_block<BYTES, SEGMENTS_THREADS>(replicas, bins);
    Share share(line, ends);
    Current current;
    for (int s = share.first; s <= share.last; s++) {
        Piece piece(line, s, share.from, share.to);
        if (piece.length() > 0) {
            current.turn_to<BYTES>(__ldg(load.slots + s), load, replicas, bins);
            count_block<BYTES, SEGMENTS_THREADS>(replicas, bins, load.ids, piece.from, piece.to);
        }
    }
    current.turn_to<BYTES>(FREE, load, replicas, bins);
}

}  // namespace

extern "C" __global__ void __launch_bounds__(SEGMENTS_THREADS, 2)
        expert_load_segments(const void* ids, int id_type, const int* offsets, int segments, const int* slots,
                int num_experts, unsigned long long* counts, unsigned long long* tally) {
    extern __shared__ unsigned replicas[];
    __shared__ int ends[2];
    Bins bins = bins_of(id_type, num_experts);
    Load load{ids, slots, counts, tally, num_experts, 0};
    Line line(offsets, segments);
    switch (bytes_of(id_type)) {
        case 1: add_segments<1>(load, replicas, bins, line, ends); break;
        case 2: add_segments<2>(load, replicas, bins, line, ends); break;
        default: add_segments<4>(load, replicas, bins, line, ends); break;
    }
}

extern "C" __global__ void __launch_bounds__(THREADS)
        expert_load_rows(const void* ids, int id_type, const int* offsets, int segments, const int* slots,
                int num_experts, int cached, unsigned long long* counts, unsigned long long* tally) {
    extern __shared__ unsigned memory[];
    __shared__ int ends[2];
    Bins bins = bins_of(id_type, num_experts);
    Shared shared(memory, GROUP, bins, cached);
    Load load{ids, slots, counts, tally, num_experts, cached};
    Line line(offsets, segments);
    for (unsigned i = threadIdx.x; i < cached * (1 + bins.count()); i += THREADS) {
        shared.tags[i] = i < static_cast<unsigned>(cached) ? FREE : 0;
    }
    switch (bytes_of(id_type)) {
        case 1: add_rows<1>(load, shared, bins, line, ends); break;
        case 2: add_rows<2>(load, shared, bins, line, ends); break;
        default: add_rows<4>(load, shared, bins, line, ends); break;
    }
    add_cached(load, shared, bins);
}
