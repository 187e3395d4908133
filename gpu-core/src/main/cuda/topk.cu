// moe_topk: router logits to the ids and weights of each token's experts. A warp takes a token.
//
// What is chosen by lies in shared memory as unsigned keys that order as the numbers do: NaN above all, 0 for what is
// taken or not to be had. Without a correction bias that is the logits, else score + bias, with scores in double: what
// decides should not depend on whose exponential it is.
#include "include/tensor.cuh"

using namespace moe;

namespace {

constexpr unsigned ALL = 0xffffffffu;
constexpr int WARPS = 4;

enum Scoring { SOFTMAX, SIGMOID };

__device__ __forceinline__ uint32_t key_of(float v) {
    uint32_t bits = __float_as_uint(__fadd_rn(v, 0.0f));  // -0 is 0
    return v != v ? 0xffffffffu : bits ^ (bits >> 31 != 0 ? 0xffffffffu : 0x80000000u);
}

__device__ __forceinline__ float value_of(uint32_t key) {
    return key == 0xffffffffu ? __uint_as_float(0x7fffffff)
                              : __uint_as_float(key ^ (key >> 31 != 0 ? 0x80000000u : 0xffffffffu));
}

// The largest key and the lowest index that has it.
struct Best {
    uint32_t key = 0;
    int index = 0x7fffffff;

    __device__ __forceinline__ void take(uint32_t other, int at) {
        if (other > key || (other == key && at < index)) {
            key = other;
            index = at;
        }
    }
    __device__ __forceinline__ void scan(const uint32_t* keys, int count) {
        *this = Best();
        for (int i = threadIdx.x & 31; i < count; i += 32) take(keys[i], i);
    }
    __device__ __forceinline__ Best of_warp() const {
        Best best = *this;
#pragma unroll
        for (int step = 16; step > 0; step /= 2) {
            uint32_t other = __shfl_xor_sync(ALL, best.key, step);
            best.take(other, __shfl_xor_sync(ALL, best.index, step));
        }
        return best;
    }
};

// Calls chosen(j, index) for the `most` largest keys in their order and sets them to 0.
template <class F>
__device__ __forceinline__ void choose(uint32_t* keys, int count, int most, F&& chosen) {
    Best mine;
    mine.scan(keys, count);
    for (int j = 0; j < most; j++) {
        int index = mine.of_warp().index;
        chosen(j, index);
        if ((index & 31) == (threadIdx.x & 31)) {
            keys[index] = 0;
            mine.scan(keys, count);
        }
    }
    __syncwarp();
}

struct Router {
    const void* logits;
    int type, experts, scoring;
    int64_t at;     // of the token's first logit
    float largest;  // softmax
    double sum;

    __device__ __forceinline__ float logit(int expert) const {
        Values<1> v;
        v.load(logits, type, at + expert);
        return v.x[0];
    }
    __device__ __forceinline__ void prepare() {
        largest = -__int_as_float(0x7f800000);
        sum = 0;
        if (scoring == SIGMOID) {
            return;
        }
        int lane = threadIdx.x & 31;
        for (int e = lane; e < experts; e += 32) largest = fmaxf(largest, logit(e));
        for (int step = 16; step > 0; step /= 2) largest = fmaxf(largest, __shfl_xor_sync(ALL, largest, step));
        for (int e = lane; e < experts; e += 32) sum += exp(static_cast<double>(logit(e)) - static_cast<double>(largest));
        for (int step = 16; step > 0; step /= 2) sum += __shfl_xor_sync(ALL, sum, step);
    }
    __device__ __forceinline__ float score(int expert) const {
        double x = logit(expert);
        return scoring == SIGMOID ? __double2float_rn(1.0 / (1.0 + exp(-x)))
                                  : __double2float_rn(exp(x - static_cast<double>(largest)) / sum);
    }
};

// Sets the keys of all experts to 0 that are not in one of the best groups.
__device__ __forceinline__ void
keep_groups(uint32_t* keys, uint32_t* of_group, int experts, int groups, int topk_group, bool two) {
    int lane = threadIdx.x & 31, size = experts / groups;
    for (int g = lane; g < groups; g += 32) {
        uint32_t first = 0, second = 0;
        for (int i = 0; i < size; i++) {
            uint32_t key = keys[g * size + i];
            second = max(second, min(first, key));
            first = max(first, key);
        }
        of_group[g] = two ? key_of(__fadd_rn(value_of(first), value_of(second))) : first;
    }
    __syncwarp();
    choose(of_group, groups, topk_group, [](int, int) {});
    for (int e = lane; e < experts; e += 32) {
        if (of_group[e / size] != 0) keys[e] = 0;
    }
    __syncwarp();
}

}  // namespace

// Grid ceil(tokens / 4), 128 threads, shared memory 16 * (experts + groups). bias: fp32 [experts], or null. Writes
// topk_ids int32 and weights fp32, [tokens][topk].
extern "C" __global__ void __launch_bounds__(WARPS * 32) topk(const void* logits, int type, int tokens, int experts,
        int topk, int scoring, int renormalize, const float* bias, int groups, int topk_group, float scaling_factor,
        int* topk_ids, float* weights) {
    extern __shared__ uint32_t shared[];
    int lane = threadIdx.x & 31, warp = threadIdx.x >> 5;
    int64_t token = static_cast<int64_t>(blockIdx.x) * WARPS + warp;
    if (token >= tokens) {
        return;
    }
    uint32_t* keys = shared + warp * (experts + groups);
    Router router{logits, type, experts, scoring, token * experts, 0, 0};
    router.prepare();
    for (int e = lane; e < experts; e += 32) {
        keys[e] = key_of(bias == nullptr ? router.logit(e) : __fadd_rn(router.score(e), __ldg(bias + e)));
    }
    __syncwarp();
    if (groups > 1) {
        keep_groups(keys, keys + experts, experts, groups, topk_group, bias != nullptr);
    }
    int* ids = topk_ids + token * topk;
    float* out = weights + token * topk;
    choose(keys, experts, topk, [&](int j, int index) {
        if (lane == (j & 31)) ids[j] = index;
    });
    double sum = 0;
    for (int j = lane; j < topk; j += 32) {
        out[j] = router.score(ids[j]);
        sum += out[j];
    }
    for (int step = 16; step > 0; step /= 2) sum += __shfl_xor_sync(ALL, sum, step);
    float divisor = __double2float_rn(sum + 1e-20);
    for (int j = lane; j < topk; j += 32) {
        float weight = renormalize ? __fdiv_rn(out[j], divisor) : out[j];
        out[j] = canonical(__fmul_rn(weight, scaling_factor));
    }
}
