// Batched align (vLLM): the lists hold the tokens of each batch, not ids; batch b of a list has the entries b * M + 0 ..
// b * M + tokens - 1, padded to whole blocks with the sentinel num_batches * M, and its number as the id of its blocks.
//
// tokens: ids of the batch, any type, offsets int32 [lists + 1]; M = max_tokens_per_batch. Results in the final layout:
// sorted int32 and sorted_offsets int32 [lists + 1], block_ids int32 and block_offsets int32 [lists + 1], post_pad int32
// [lists]. status int64 [2], zero before: [0] lists with a number of tokens outside [0, M] or a sentinel beyond int32,
// which the host looks for and words an error about; such a list gets no blocks. [1] all blocks.
// Scratch: first_block int32, one a batch: blocks before it in its list; blocks int64 [lists].
// Launches: scan (a warp a list), offsets (one block), write (`team` lanes a block of block_size entries, a power of two).
#include "include/keys.cuh"
#include "include/offsets.cuh"

using namespace moe;

namespace {

constexpr int THREADS = 256;

}  // namespace

extern "C" __global__ void __launch_bounds__(THREADS)
        batched_align_scan(const void* tokens, int id_type, const int* offsets, int lists, int max_tokens,
                int block_size, int* first_block, long long* blocks, int* post_pad, unsigned long long* status) {
    unsigned lane = threadIdx.x & 31;
    int64_t list = (static_cast<int64_t>(blockIdx.x) * THREADS + threadIdx.x) / 32;
    if (list >= lists) {
        return;
    }
    int begin = __ldg(offsets + list) - __ldg(offsets);
    int end = __ldg(offsets + list + 1) - __ldg(offsets);
    bool bad = static_cast<int64_t>(end - begin) * max_tokens > INT32_MAX;
    long long total = 0;
    for (int at = begin + static_cast<int>(lane); at - static_cast<int>(lane) < end; at += 32) {
        int count = at < end ? load_id(tokens, id_type, at) : 0;
        bool odd = count < 0 || count > max_tokens;
        bad |= odd;
        long long mine = odd ? 0 : (count + (block_size - 1ll)) / block_size;
        long long through = warp_inclusive(mine);
        if (at < end) {
            first_block[at] = static_cast<int>(total + through - mine);
        }
        total += __shfl_sync(ALL_LANES, through, 31);
    }
    bad = __any_sync(ALL_LANES, bad);
    if (lane == 0) {
        blocks[list] = bad ? 0 : total;
        post_pad[list] = static_cast<int>(bad ? 0 : total * block_size);
        if (bad) {
            atomicAdd(status, 1ull);
        }
    }
}

extern "C" __global__ void __launch_bounds__(OFFSETS_THREADS) batched_align_offsets(const long long* blocks, int lists,
        int block_size, int* block_offsets, int* sorted_offsets, unsigned long long* status) {
    long long total = write_offsets(blocks, lists, block_offsets, block_size, sorted_offsets);
    if (threadIdx.x == 0) {
        status[1] = total;
    }
}

// blocks: the total, as the host read it.
extern "C" __global__ void __launch_bounds__(THREADS) batched_align_write(const void* tokens, int id_type,
        const int* offsets, int lists, int max_tokens, int block_size, int team, const int* first_block,
        const int* block_offsets, int blocks, int* sorted, int* block_ids) {
    int64_t thread = static_cast<int64_t>(blockIdx.x) * THREADS + threadIdx.x;
    int64_t step = static_cast<int64_t>(gridDim.x) * THREADS / team;
    int lane = static_cast<int>(thread & (team - 1));
    for (int64_t block = thread / team; block < blocks; block += step) {
        int list = list_of(block_offsets, lists, static_cast<int>(block));
        int begin = __ldg(offsets + list) - __ldg(offsets);
        int batches = __ldg(offsets + list + 1) - __ldg(offsets) - begin;
        int in_list = static_cast<int>(block) - __ldg(block_offsets + list);
        int batch = list_of(first_block + begin, batches, in_list);
        int from = (in_list - __ldg(first_block + begin + batch)) * block_size;
        int left = load_id(tokens, id_type, begin + batch) - from;
        int* out = sorted + block * block_size;
        for (int i = lane; i < block_size; i += team) {
            out[i] = i < left ? batch * max_tokens + from + i : batches * max_tokens;
        }
        if (lane == 0) {
            block_ids[block] = batch;
        }
    }
}
