// Transitions token by token: each pair of slots of two layers is an atomic in device memory. For few tokens, for slots
// that meet their own number only, for devices without transitions_sm90, and for what that leaves over: tokens that name an
// expert twice in a layer.
//
// cells: address of the counts, uint64 [num_experts][num_experts], of each pair of the group's layers, [layers][layers].
// pairs: int2 [num_pairs] of the group's layers. list: the tokens to take (their number is *listed), or null: the tokens
// [first, first + tokens). mode: ALL, SAME slots, or REPEATED: of all pairs of slots those of which one repeats an id of an
// earlier slot; flags [layers][words] says of which tokens, counted from `first`, a layer has any. counts_odd: 1 = masked and
// invalid ids are added to tally (each layer's once).
#include "include/transitions.cuh"

using namespace moe;

namespace {

constexpr int THREADS = 256;
enum Mode { ALL, SAME, REPEATED };

__device__ __forceinline__ bool repeats(const Group& g, unsigned start, int slot) {
    unsigned code = g.code(start + slot);
    for (int i = 0; i < slot; i++) {
        if (g.code(start + i) == code) return true;
    }
    return false;
}

__device__ __forceinline__ void
add_pair(const Group& g, unsigned limit, unsigned from, unsigned to, int mode, unsigned long long* cells) {
    for (int i = 0; i < g.topk; i++) {
        unsigned a = g.code(from + i);
        if (a >= limit) continue;
        bool again = mode == REPEATED && repeats(g, from, i);
        unsigned long long* row = cells + static_cast<size_t>(a) * g.num_experts;
        int end = mode == SAME ? i + 1 : g.topk;
        for (int j = mode == SAME ? i : 0; j < end; j++) {
            unsigned b = g.code(to + j);
            if (b < limit && (mode != REPEATED || again || repeats(g, to, j))) atomicAdd(row + b, 1ull);
        }
    }
}

}  // namespace

extern "C" __global__ void __launch_bounds__(THREADS)
        transitions_tokens(MOE_GROUP_PARAMS, int first, int tokens, const int* list, const int* listed, const uint32_t* flags,
                int words, const int2* pairs, int num_pairs, unsigned long long* const* cells, int mode, int counts_odd,
                unsigned long long* tally) {
    Group g = MOE_GROUP;
    Bins bins = bins_of(id_type, num_experts);
    int n = list == nullptr ? tokens : *listed;
    int64_t items = static_cast<int64_t>(n) * (num_pairs + (counts_odd != 0 ? layers : 0));
    unsigned masked = 0, invalid = 0;
    for (int64_t item = static_cast<int64_t>(blockIdx.x) * THREADS + threadIdx.x; item < items;
            item += static_cast<int64_t>(gridDim.x) * THREADS) {
        int p = static_cast<int>(item / n), i = static_cast<int>(item % n);
        int token = list == nullptr ? first + i : list[i];
        int2 pair = p < num_pairs ? __ldg(pairs + p) : make_int2(0, 0);
        if (mode == REPEATED) {
            int word = (token - first) / 32;
            if (((flags[pair.x * words + word] | flags[pair.y * words + word]) >> (token - first) % 32 & 1) == 0) continue;
        }
        int block = g.block_of(token);
        if (p < num_pairs) {
            add_pair(g, bins.limit, g.start(token, block, pair.x), g.start(token, block, pair.y), mode,
                    cells[pair.x * layers + pair.y]);
            continue;
        }
        unsigned at = g.start(token, block, p - num_pairs);
        for (int k = 0; k < topk; k++) {
            unsigned bin = bins.of(g.code(at + k));
            masked += bin == 0;
            invalid += bin > bins.limit;
        }
    }
    __syncwarp();
    add_odd(masked, invalid, tally);
}
