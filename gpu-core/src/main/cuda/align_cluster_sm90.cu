// moe_align_block_size of one segment of up to 32,768 ids, by a cluster of 8 blocks (compute capability 9.0): one launch
// without scratch. Each block sorts its part of the ids; the blocks read each other's counts from shared memory.
//
// Shared memory: that of a sorting block, then totals[row] and mine[row], uint32. A block leaves only when all have read.
#include <cooperative_groups.h>

#include "include/params.cuh"
#include "include/tile.cuh"

namespace moe {
namespace {

constexpr int CLUSTER = 8;

struct ClusterOutput {
    int* sorted;
    int* experts;
    int* post_pad;
    long long* sorted_offsets;
    long long* expert_offsets;
    unsigned long long* tally;
};

struct PlaceInOrder {
    int* sorted;
    __device__ __forceinline__ void put(uint32_t position, int index, uint32_t) const { sorted[position] = index; }
};

template <int BITS, int WARPS, int ITEMS>
struct ClusterSegment {
    static constexpr int THREADS = WARPS * 32;

    const Keys& keys;
    const ClusterOutput& out;
    TileMemory<WARPS> memory;
    Blocks blocks;
    uint32_t *totals, *mine;  // counts of the segment, of this block
    int part, length;

    __device__ __forceinline__ void run(const int* key_value) {
        auto cluster = cooperative_groups::this_cluster();
        int from = min(length, part * THREADS * ITEMS), end = min(length, from + THREADS * ITEMS);
        TileSorter<BITS, WARPS, ITEMS> sorter(keys, memory, 0, end);
        sorter.load(from);
        sorter.rank(from);
        __syncthreads();
        scan_rows<WARPS>(
            memory.rows, memory.row / 2, memory.partial, [](int, uint32_t) { return 0u; },
            [&](int key, uint32_t count, uint32_t position, uint32_t) {
                if (key == keys.bins) memory.partial[32] = position;
                if (key == keys.bins + NON_LOCAL) count -= sorter.capacity() - (end - from);
                mine[key] = count;
                memory.next[key] = position;
            });
        cluster.sync();
        gather(cluster);
        auto arrived = cluster.barrier_arrive();
        __syncthreads();
        block_offsets<THREADS>(
            memory.offsets, keys.bins, memory.partial, [&](int key) { return blocks.of(totals[key]); });
        for (int key = threadIdx.x; key < keys.bins; key += THREADS) {
            memory.delta[key] += memory.offsets[key] * blocks.size - memory.next[key];
        }
        __syncthreads();
        sorter.stage();
        __syncthreads();
        sorter.walk(from, PlaceInOrder{out.sorted});
        pad(key_value);
        cluster.barrier_wait(std::move(arrived));
    }

  private:
    // delta: ids of a key in the blocks before this one.
    template <class Cluster>
    __device__ __forceinline__ void gather(Cluster& cluster) {
        for (int key = threadIdx.x; key < keys.counters(); key += THREADS) {
            uint32_t before = 0, total = 0;
#pragma unroll
            for (int b = 0; b < CLUSTER; b++) {
                uint32_t count = *cluster.map_shared_rank(mine + key, b);
                if (b < part) before += count;
                total += count;
            }
            totals[key] = total;
            memory.delta[key] = before;
            if (key >= keys.bins && part == 0) tally_add(out.tally, key - keys.bins, total);
        }
    }

    __device__ __forceinline__ void pad(const int* key_value) {
        int lane = threadIdx.x & 31;
        for (int key = part * WARPS + (threadIdx.x >> 5); key < keys.bins; key += CLUSTER * WARPS) {
            uint32_t end = memory.offsets[key + 1] * blocks.size;
            for (uint32_t p = memory.offsets[key] * blocks.size + totals[key] + lane; p < end; p += 32) {
                out.sorted[p] = length;
            }
        }
        uint32_t count = memory.offsets[keys.bins];
        for (uint32_t j = part * THREADS + threadIdx.x; j < count; j += CLUSTER * THREADS) {
            out.experts[j] = value_of(bin_at(memory.offsets, keys.bins, j), keys.first, key_value);
        }
        if (part != 0 || threadIdx.x != 0) return;
        out.post_pad[0] = count * blocks.size;
        out.sorted_offsets[0] = out.expert_offsets[0] = 0;
        out.sorted_offsets[1] = static_cast<long long>(count) * blocks.size;
        out.expert_offsets[1] = count;
    }
};

template <int BITS, int WARPS, int ITEMS>
__device__ __forceinline__ void align_cluster(
    const Keys& keys, int length, int block_size, const int* key_value, const ClusterOutput& out) {
    extern __shared__ __align__(16) uint32_t shared[];
    TileMemory<WARPS> memory(shared, keys.bins);
    uint32_t* totals = memory.stage + WARPS * 32 * ITEMS;
    ClusterSegment<BITS, WARPS, ITEMS> segment{
        keys, out, memory, Blocks(block_size), totals, totals + memory.row, static_cast<int>(blockIdx.x), length};
    segment.run(key_value);
}

}  // namespace
}  // namespace moe

#define ALIGN_CLUSTER(WARPS, ITEMS, BITS)                                                                            \
    extern "C" __global__ void __cluster_dims__(8, 1, 1) __launch_bounds__(WARPS * 32)                               \
        align_cluster_w##WARPS##_b##BITS(                                                                            \
            MOE_KEY_PARAMS, int length, int block_size, const int* key_value, int* sorted, int* experts,             \
            int* post_pad, long long* sorted_offsets, long long* expert_offsets, unsigned long long* tally) {        \
        moe::align_cluster<BITS, WARPS, ITEMS>(                                                                      \
            MOE_KEYS, length, block_size, key_value,                                                                 \
            moe::ClusterOutput{sorted, experts, post_pad, sorted_offsets, expert_offsets, tally});                   \
    }

ALIGN_CLUSTER(16, 2, 8)
ALIGN_CLUSTER(16, 2, 10)
ALIGN_CLUSTER(32, 4, 8)
ALIGN_CLUSTER(32, 4, 10)
