// Padding sums: the figures of padding.cu summed a slot, resident on the device from batch to batch.
//
// slots int32 [segments]: the slot of each segment. sums int64 [slots][sizes + 3]: blocks of each block size, then
// segments, used ids and active experts. The rest, and the launches, are those of padding.cu.
//
// A block adds up in shared memory first, CACHED slots, claimed by the low bits of a slot's number and kept to its end;
// a slot that finds its place taken adds to device memory. A warp whose rows have one slot adds them up in registers
// before. 32 bits are enough inside a batch, which has less than 2^31 ids.
#include "include/padding_rows.cuh"

using namespace moe;

namespace {

constexpr int CACHED = 64;
constexpr int REST = 3;  // segments, used, active
constexpr int FREE = -1;

struct Cache {
    int tag[CACHED];
    unsigned sum[CACHED][ROUND + REST];

    __device__ __forceinline__ void clear() {
        for (int i = threadIdx.x; i < CACHED * (ROUND + REST); i += blockDim.x) {
            (&sum[0][0])[i] = 0;
        }
        for (int i = threadIdx.x; i < CACHED; i += blockDim.x) {
            tag[i] = FREE;
        }
    }
};

struct Totals {
    const Sizes& sizes;
    const int* slots;
    unsigned long long* sums;
    Cache& cache;

    __device__ __forceinline__ void global(int slot, int field, unsigned value) const {
        if (value != 0 && (field < ROUND || sizes.first_round())) {
            int at = field < ROUND ? sizes.first + field : sizes.total + (field - ROUND);
            atomicAdd(sums + static_cast<int64_t>(slot) * (sizes.total + REST) + at,
                    static_cast<unsigned long long>(value));
        }
    }

    // Field j < ROUND: blocks of size j; then the rest.
    __device__ __forceinline__ void add(int slot, int field, unsigned value) const {
        int place = slot & (CACHED - 1);
        int holder = atomicCAS(cache.tag + place, FREE, slot);
        if (holder == FREE || holder == slot) {
            atomicAdd(&cache.sum[place][field], value);
        } else {
            global(slot, field, value);
        }
    }

    __device__ __forceinline__ void one(int64_t segment, unsigned lane, unsigned count, const Figures& figures) const {
        add(slots[segment], static_cast<int>(lane), static_cast<int>(lane) < sizes.count() ? count : 0);
        if (lane < REST) {
            add(slots[segment], ROUND + lane, lane == 0 ? 1 : lane == 1 ? figures.used : figures.active);
        }
    }

    __device__ __forceinline__ void
    rows(int64_t first, int count, const Lanes& mine, const Figures& figures, const uint16_t* staged) const {
        unsigned lane = threadIdx.x & 31;
        bool mine_counts = mine.any && mine.length < LONG;
        unsigned counted = __ballot_sync(ALL_LANES, mine_counts);
        int slot = mine_counts ? slots[first + lane] : 0;
        int leader = __shfl_sync(ALL_LANES, slot, __ffs(counted | 0x80000000u) - 1);
        if (__all_sync(ALL_LANES, !mine_counts || slot == leader)) {
            together(leader, count, counted, figures, staged, lane);
        } else if (mine_counts) {
            for (int j = 0; j < count; j++) {
                add(slot, j, staged[lane * count + j]);
            }
            add(slot, ROUND, 1);
            add(slot, ROUND + 1, figures.used);
            add(slot, ROUND + 2, figures.active);
        }
    }

    __device__ __forceinline__ void together(int slot, int count, unsigned counted, const Figures& figures,
            const uint16_t* staged, unsigned lane) const {
        bool mine_counts = counted >> lane & 1;
        unsigned blocks = 0;
        for (int j = 0; j < count; j++) {
            unsigned sum = warp_sum(mine_counts ? staged[lane * count + j] : 0);
            blocks = static_cast<int>(lane) == j ? sum : blocks;
        }
        unsigned used = warp_sum(mine_counts ? figures.used : 0);
        unsigned active = warp_sum(mine_counts ? figures.active : 0);
        if (counted != 0) {
            add(slot, static_cast<int>(lane), blocks);
            if (lane < REST) {
                add(slot, ROUND + lane, lane == 0 ? __popc(counted) : lane == 1 ? used : active);
            }
        }
    }

    __device__ __forceinline__ void flush() const {
        __syncthreads();
        for (int i = threadIdx.x; i < CACHED * (ROUND + REST); i += blockDim.x) {
            int place = i / (ROUND + REST);
            int field = i % (ROUND + REST);
            if (cache.tag[place] != FREE) {
                global(cache.tag[place], field, cache.sum[place][field]);
            }
        }
    }
};

}  // namespace

extern "C" __global__ void __launch_bounds__(PADDING_THREADS, PADDING_BLOCKS)
        padding_sums_rows(const void* ids, int id_type, const int* offsets, int segments, const int* slots,
                int num_experts, int span, const int* block_sizes, int num_sizes, int first_size,
                unsigned long long* scratch, unsigned long long* sums, unsigned long long* tally) {
    extern __shared__ unsigned memory[];
    __shared__ Round round;
    __shared__ Cache cache;
    Sizes sizes{block_sizes, num_sizes, first_size};
    cache.clear();
    round.prepare(sizes);
    Totals out{sizes, slots, sums, cache};
    PaddingBatch batch{ids, bytes_of(id_type), num_experts, span, scratch};
    padding_rows(batch, Line(offsets, segments), bins_of(id_type, num_experts), sizes, round, memory, tally, out);
    out.flush();
}

extern "C" __global__ void __launch_bounds__(512, 2) padding_sums_long(const void* ids, int id_type, const int* offsets,
        int segments, int num_experts, unsigned long long* scratch, unsigned long long* tally) {
    extern __shared__ unsigned memory[];
    padding_count_long(ids, id_type, Line(offsets, segments), num_experts, memory, scratch, tally);
}

extern "C" __global__ void __launch_bounds__(PADDING_THREADS, PADDING_BLOCKS) padding_sums_finish(const int* offsets,
        int segments, const int* slots, int num_experts, int span, const int* block_sizes, int num_sizes,
        int first_size, const unsigned long long* scratch, unsigned long long* sums) {
    extern __shared__ unsigned counts[];  // [PADDING_WARPS][num_experts]
    __shared__ Round round;
    __shared__ Cache cache;
    Sizes sizes{block_sizes, num_sizes, first_size};
    cache.clear();
    round.prepare(sizes);
    Totals out{sizes, slots, sums, cache};
    padding_finish_long(Line(offsets, segments), num_experts, span, scratch, sizes.count(), round, counts, out);
    out.flush();
}
