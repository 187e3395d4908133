// moe_align_block_size of one segment of up to 32,768 ids, by a cluster of 8 blocks (compute capability 9.0): one launch
// without scratch. Each block sorts its part of the ids; the blocks read each other's counts from shared memory.
//
// Shared memory: that of a sorting block, then totals[row] and mine[row], uint16. A block leaves only when all have read.
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

// Two neighbouring keys are one word throughout, and belong to one thread: their counts (16 bits each, in a block and in
// the segment), where they begin in the block, and how many ids of them the blocks before have.
template <int BITS, int WARPS, int ITEMS>
struct ClusterSegment {
    static constexpr int THREADS = WARPS * 32;
    typedef TileSorter<BITS, WARPS, ITEMS> Sorter;

    const Keys& keys;
    const ClusterOutput& out;
    TileMemory<WARPS> memory;
    Blocks blocks;
    uint32_t *totals, *mine;  // [row / 2] words: counts of the segment, of this block
    int part, length;

    __device__ __forceinline__ void run(const int* key_value) {
        auto cluster = cooperative_groups::this_cluster();
        int from = min(length, part * THREADS * ITEMS), end = min(length, from + THREADS * ITEMS);
        Sorter sorter(keys, memory, 0, end);
        sorter.load(from);
        sorter.rank();
        __syncthreads();
        int words = memory.row / 2, busy = (words + 31) / 32, word = threadIdx.x;
        uint32_t begin = scan_block(word, words, busy, sorter.capacity() - (end - from));
        cluster.sync();
        uint32_t before = word < words ? gather(cluster, word) : 0;
        auto arrived = cluster.barrier_arrive();
        place_keys(word, words, busy, begin, before);
        sorter.stage();
        __syncthreads();
        sorter.walk(from, PlaceInOrder{out.sorted});
        pad(key_value);
        cluster.barrier_wait(std::move(arrived));
    }

  private:
    // Counter rows become positions in the block; returns where the word's two keys begin. beyond: positions without id.
    __device__ __forceinline__ uint32_t scan_block(int word, int words, int busy, uint32_t beyond) {
        uint32_t count[WARPS], sum = 0;
        uint32_t* column = memory.rows + word;
#pragma unroll
        for (int q = 0; q < WARPS; q++) {
            count[q] = word < words ? column[q * words] : 0;
            sum += count[q];
        }
        uint32_t first = sum_before((sum & 0xffff) + (sum >> 16), busy, memory.partial);
        uint32_t begin = first | (first + (sum & 0xffff)) << 16, run = begin;
        if (word >= words) return 0;
#pragma unroll
        for (int q = 0; q < WARPS; q++) {
            column[q * words] = run;
            run += count[q];
        }
        if (word == keys.bins / 2) memory.partial[32] = keys.bins & 1 ? begin >> 16 : begin & 0xffff;
        int invalid = keys.bins + INVALID;
        mine[word] = sum - (word == invalid / 2 ? beyond << (invalid & 1) * 16 : 0);
        return begin;
    }

    // The word's counts in the blocks before this one; sets totals.
    template <class Cluster>
    __device__ __forceinline__ uint32_t gather(Cluster& cluster, int word) {
        uint32_t before = 0, total = 0;
#pragma unroll
        for (int b = 0; b < CLUSTER; b++) {
            uint32_t count = *cluster.map_shared_rank(mine + word, b);
            if (b < part) before += count;
            total += count;
        }
        totals[word] = total;
        return before;
    }

    // From counts to where each key's blocks begin in the segment, and where this block's ids of it go.
    __device__ __forceinline__ void place_keys(int word, int words, int busy, uint32_t begin, uint32_t before) {
        uint32_t total = word < words ? totals[word] : 0;
        int key = 2 * word;
        uint32_t b0 = key < keys.bins ? blocks.of(total & 0xffff) : 0;
        uint32_t b1 = key + 1 < keys.bins ? blocks.of(total >> 16) : 0;
        uint32_t at = sum_before(b0 + b1, busy, memory.partial);
        if (word >= words) return;
        memory.offsets[key] = at;
        memory.offsets[key + 1] = at + b0;
        memory.delta[key] = at * blocks.size + (before & 0xffff) - (begin & 0xffff);
        memory.delta[key + 1] = (at + b0) * blocks.size + (before >> 16) - (begin >> 16);
        if (part != 0 || key + 1 < keys.bins) return;
        if (key >= keys.bins) left_out(key, total & 0xffff);
        left_out(key + 1, total >> 16);
        if (key == keys.bins || key + 1 == keys.bins) sizes(key == keys.bins ? at : at + b0);
    }

    __device__ __forceinline__ void left_out(int key, uint32_t count) {
        if (key >= keys.bins && key < keys.counters()) tally_add(out.tally, key - keys.bins, count);
    }

    __device__ __forceinline__ void sizes(uint32_t count) {
        out.post_pad[0] = count * blocks.size;
        out.sorted_offsets[0] = out.expert_offsets[0] = 0;
        out.sorted_offsets[1] = static_cast<long long>(count) * blocks.size;
        out.expert_offsets[1] = count;
    }

    // Sentinels and expert ids, a warp a key.
    __device__ __forceinline__ void pad(const int* key_value) {
        int lane = threadIdx.x & 31;
        const uint16_t* counts = reinterpret_cast<const uint16_t*>(totals);
        for (int key = part * WARPS + (threadIdx.x >> 5); key < keys.bins; key += CLUSTER * WARPS) {
            uint32_t from = memory.offsets[key], end = memory.offsets[key + 1];
            for (uint32_t p = from * blocks.size + counts[key] + lane; p < end * blocks.size; p += 32) {
                out.sorted[p] = length;
            }
            for (uint32_t j = from + lane; j < end; j += 32) out.experts[j] = value_of(key, keys.first, key_value);
        }
    }
};

template <int BITS, int WARPS, int ITEMS>
__device__ __forceinline__ void align_cluster(
    const Keys& keys, int length, int block_size, const int* key_value, const ClusterOutput& out) {
    extern __shared__ __align__(16) uint32_t shared[];
    TileMemory<WARPS> memory(shared, keys.bins);
    uint32_t* totals = memory.stage + WARPS * 32 * ITEMS;
    ClusterSegment<BITS, WARPS, ITEMS> segment{
        keys, out, memory, Blocks(block_size), totals, totals + memory.row / 2, static_cast<int>(blockIdx.x), length};
    segment.run(key_value);
}

}  // namespace
}  // namespace moe

#define ALIGN_CLUSTER(NAME, WARPS, ITEMS, BITS)                                                                      \
    extern "C" __global__ void __cluster_dims__(8, 1, 1) __launch_bounds__(WARPS * 32) NAME(                         \
        MOE_KEY_PARAMS, int length, int block_size, const int* key_value, int* sorted, int* experts, int* post_pad,  \
        long long* sorted_offsets, long long* expert_offsets, unsigned long long* tally) {                           \
        moe::align_cluster<BITS, WARPS, ITEMS>(                                                                      \
            MOE_KEYS, length, block_size, key_value,                                                                 \
            moe::ClusterOutput{sorted, experts, post_pad, sorted_offsets, expert_offsets, tally});                   \
    }

ALIGN_CLUSTER(align_cluster_8k_b8, 8, 4, 8)
ALIGN_CLUSTER(align_cluster_32k_b8, 16, 8, 8)
ALIGN_CLUSTER(align_cluster_32k_b10, 32, 4, 10)
