// Padding: blocks and padded slots that aligning each segment would take at several block sizes, from one count.
//
// ids, offsets int32 [segments + 1]: the batch. block_sizes int32 [sizes]. Results in the final layout: blocks and slots
// int64 [segments][sizes], used int64 [segments], active_experts int32 [segments]. tally int64: masked and invalid ids.
// scratch int64 [ids / LONG + 1][num_experts]: only the rows of long segments are touched, and cleared here.
// One launch a round of 32 block sizes where no segment is long (LONG ids), else three: padding_rows writes the results
// of all others and clears scratch, padding_long counts the long ones with all blocks, padding_finish writes their results.
// padding_long is for the first round only: its counts serve the others.
//
// A warp stages the blocks of its rows in shared memory and then writes the result arrays as consecutive words; one
// thread a row would write every size of 32 rows to 32 far places.
#include "include/padding_rows.cuh"

using namespace moe;

namespace {

struct Results {
    const Sizes& sizes;
    const Round& round;
    long long* blocks;
    long long* slots;
    long long* used;
    int* active_experts;

    __device__ __forceinline__ void put(int64_t segment, int j, unsigned count) const {
        int64_t at = segment * sizes.total + sizes.first + j;
        blocks[at] = count;
        slots[at] = static_cast<long long>(count) * round.size[j];
    }

    __device__ __forceinline__ void put(int64_t segment, const Figures& figures) const {
        if (sizes.first_round()) {
            used[segment] = figures.used;
            active_experts[segment] = static_cast<int>(figures.active);
        }
    }

    __device__ __forceinline__ void
    rows(int64_t first, int count, const Lanes& mine, const Figures& figures, const uint16_t* staged) const {
        unsigned lane = threadIdx.x & 31;
        unsigned written = __ballot_sync(ALL_LANES, mine.any && mine.length < LONG);
        if (written >> lane & 1) {
            put(first + lane, figures);
        }
        int cells = (32 - __clz(written)) * count;
        int reciprocal = 65536 / count + 1;  // exact as cells * count < 65536
        for (int cell = lane; cell < cells; cell += 32) {
            int row = cell * reciprocal >> 16;
            if (written >> row & 1) {
                put(first + row, cell - row * count, staged[cell]);
            }
        }
    }

    __device__ __forceinline__ void one(int64_t segment, unsigned lane, unsigned count, const Figures& figures) const {
        if (static_cast<int>(lane) < sizes.count()) {
            put(segment, lane, count);
        }
        if (lane == 0) {
            put(segment, figures);
        }
    }
};

}  // namespace

extern "C" __global__ void __launch_bounds__(PADDING_THREADS, PADDING_BLOCKS)
        padding_rows(const void* ids, int id_type, const int* offsets, int segments, int num_experts, int span,
                const int* block_sizes, int num_sizes, int first_size, unsigned long long* scratch, long long* blocks,
                long long* slots, long long* used, int* active_experts, unsigned long long* tally) {
    extern __shared__ unsigned memory[];
    __shared__ Round round;
    Sizes sizes{block_sizes, num_sizes, first_size};
    round.prepare(sizes);
    Results out{sizes, round, blocks, slots, used, active_experts};
    PaddingBatch batch{ids, bytes_of(id_type), num_experts, span, scratch};
    padding_rows(batch, Line(offsets, segments), bins_of(id_type, num_experts), sizes, round, memory, tally, out);
}

extern "C" __global__ void __launch_bounds__(512, 2) padding_long(const void* ids, int id_type, const int* offsets,
        int segments, int num_experts, unsigned long long* scratch, unsigned long long* tally) {
    extern __shared__ unsigned memory[];
    padding_count_long(ids, id_type, Line(offsets, segments), num_experts, memory, scratch, tally);
}

extern "C" __global__ void __launch_bounds__(PADDING_THREADS, PADDING_BLOCKS) padding_finish(const int* offsets,
        int segments, int num_experts, int span, const int* block_sizes, int num_sizes, int first_size,
        const unsigned long long* scratch, long long* blocks, long long* slots, long long* used, int* active_experts) {
    extern __shared__ unsigned counts[];  // [PADDING_WARPS][num_experts]
    __shared__ Round round;
    Sizes sizes{block_sizes, num_sizes, first_size};
    round.prepare(sizes);
    Results out{sizes, round, blocks, slots, used, active_experts};
    padding_finish_long(Line(offsets, segments), num_experts, span, scratch, sizes.count(), round, counts, out);
}
