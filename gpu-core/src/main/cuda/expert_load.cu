// Expert load: adds every id of a batch to counts[slot of its segment][expert].
//
// ids, offsets int32 [segments + 1]: the batch. slots int32 [segments]. counts int64 [slots][num_experts], resident on
// the device from batch to batch. tally int64: masked and invalid ids. Launch: as many blocks as run at once, each with
// an equal share of the batch's line (ids and segment ends), so that uneven segments do not unbalance them.
//
// A block looks at GROUP segments at a time. Are they all of one slot, they are one range of ids, streamed through the
// block's histogram, which is added to the slot's counts only when another slot comes. Otherwise a segment of LONG ids
// and more is such a range by itself, one of up to ALONE ids belongs to a thread, others to a warp; these short ones count
// in `cached` further histograms, one a slot, which slots claim by the low bits of their number and keep to the end of
// the block. A slot that finds its place taken counts straight in device memory: rows of ever changing slots cost an
// atomic an id, never a histogram a row.
#include "include/count_long.cuh"

using namespace moe;

namespace {

constexpr int THREADS = 512;
constexpr int GROUP = 4 * THREADS;
constexpr unsigned ALONE = 32;
constexpr unsigned LONG = 8192;
constexpr int FREE = -1;

struct Load {
    const void* ids;
    const int* slots;
    unsigned long long* counts;
    unsigned long long* tally;
    int num_experts;
    int cached;  // a power of two, or 0

    __device__ __forceinline__ unsigned long long* row(int slot) const {
        return counts + static_cast<int64_t>(slot) * num_experts;
    }
};

struct Shared {
    unsigned* replicas;  // [REPLICAS][bins], the block's histogram
    int* tags;           // [cached], the slot that a cached histogram belongs to
    unsigned* cache;     // [cached][bins]
    uint16_t* listed;    // [GROUP], segments of the group: longer ones from the front, shorter ones from the back

    __device__ __forceinline__ Shared(unsigned* memory, const Bins& bins, int cached)
        : replicas(memory),
          tags(reinterpret_cast<int*>(memory + REPLICAS * bins.count())),
          cache(memory + REPLICAS * bins.count() + cached),
          listed(reinterpret_cast<uint16_t*>(cache + cached * bins.count())) {}
};

// The histogram that a slot has in the cache, or null.
__device__ __forceinline__ unsigned* claim(const Load& load, const Shared& shared, const Bins& bins, int slot) {
    if (load.cached == 0) {
        return nullptr;
    }
    int place = slot & (load.cached - 1);
    int holder = atomicCAS(shared.tags + place, FREE, slot);
    return holder == FREE || holder == slot ? shared.cache + place * bins.count() : nullptr;
}

template <int BYTES>
__device__ __forceinline__ void count_short(
        const Load& load, const Shared& shared, const Bins& bins, int slot, const Piece& piece, unsigned thread, unsigned team) {
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
        each_code<BYTES, false>(load.ids, piece.from, piece.to, thread, team, count);
    }
}

// The short segments of a group whose segments have different slots; lists the long ones and returns their number.
template <int BYTES>
__device__ __forceinline__ int count_mixed(
        const Load& load, const Shared& shared, const Bins& bins, const Line& line, const Share& share, int group, int end) {
    __shared__ int longs;
    __shared__ int shorts;
    if (threadIdx.x == 0) {
        longs = 0;
        shorts = 0;
    }
    __syncthreads();
    for (int s = group + static_cast<int>(threadIdx.x); s < end; s += THREADS) {
        Piece piece(line, s, share.from, share.to);
        if (piece.length() > ALONE) {
            int at = piece.length() >= LONG ? atomicAdd(&longs, 1) : GROUP - 1 - atomicAdd(&shorts, 1);
            shared.listed[at] = static_cast<uint16_t>(s - group);
        } else if (piece.length() > 0) {
            count_short<BYTES>(load, shared, bins, __ldg(load.slots + s), piece, 0, 1);
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
    for (int s = group + static_cast<int>(threadIdx.x); s < end; s += THREADS) {
        same &= __ldg(slots + s) == slot;
    }
    return __syncthreads_and(same);
}

template <int BYTES>
__device__ __forceinline__ void add(const Load& load, const Shared& shared, const Bins& bins, const Line& line) {
    Share share(line);
    int current = FREE;  // the slot that the block's histogram belongs to
    for (int group = share.first; group <= share.last; group += GROUP) {
        int end = min(group + GROUP, share.last + 1);
        bool one = one_slot(load.slots, group, end);
        int ranges = one ? 1 : count_mixed<BYTES>(load, shared, bins, line, share, group, end);
        for (int i = 0; i < ranges; i++) {
            int head = one ? group : group + shared.listed[i];
            int tail = one ? end - 1 : head;
            int slot = __ldg(load.slots + head);
            if (slot != current && current != FREE) {
                add_up(shared.replicas, bins, load.row(current), load.tally);
            }
            current = slot;
            count_block<BYTES, THREADS>(shared.replicas, bins, load.ids, Piece(line, head, share.from, share.to).from,
                    Piece(line, tail, share.from, share.to).to);
        }
        __syncthreads();
    }
    if (current != FREE) {
        add_up(shared.replicas, bins, load.row(current), load.tally);
    }
}

}  // namespace

extern "C" __global__ void __launch_bounds__(THREADS, 2048 / THREADS)
expert_load_add(const void* ids, int id_type, const int* offsets, int segments, const int* slots, int num_experts,
        int cached, unsigned long long* counts, unsigned long long* tally) {
    extern __shared__ unsigned memory[];
    Bins bins = bins_of(id_type, num_experts);
    Shared shared(memory, bins, cached);
    Load load{ids, slots, counts, tally, num_experts, cached};
    Line line(offsets, segments);
    for (unsigned i = threadIdx.x; i < REPLICAS * bins.count(); i += THREADS) {
        shared.replicas[i] = 0;
    }
    for (unsigned i = threadIdx.x; i < cached * (1 + bins.count()); i += THREADS) {
        shared.tags[i] = i < static_cast<unsigned>(cached) ? FREE : 0;
    }
    __syncthreads();
    switch (bytes_of(id_type)) {
        case 1: add<1>(load, shared, bins, line); break;
        case 2: add<2>(load, shared, bins, line); break;
        default: add<4>(load, shared, bins, line); break;
    }
    __syncthreads();
    for (int place = 0; place < cached; place++) {
        int slot = shared.tags[place];
        if (slot != FREE) {
            for (unsigned bin = threadIdx.x; bin < bins.count(); bin += THREADS) {
                add_bin(load.row(slot), tally, bins, bin, shared.cache[place * bins.count() + bin]);
            }
        }
    }
}
