// Decoupled look-back: the sum of all segments before one, in the launch that measures them.
//
// status[s] (64 bits, zeroed before the launch): 0 = unknown, SIZE | size of s, PREFIX | sum up to and with s. Blocks take
// segments by a ticket, so every segment before a block's own has a block that runs or ran: waiting ends. Flag and sum
// are one word, so no fence is needed. The sums are of integers: whichever way a block gets its sum, it is the same.
#pragma once
#include <cstdint>

#include "rank.cuh"

namespace moe {

typedef unsigned long long Status;
constexpr Status SIZE = 1ull << 62, PREFIX = 2ull << 62, SUM = SIZE - 1;

__device__ __forceinline__ void publish(Status* status, int s, Status flag, int64_t sum) {
    *reinterpret_cast<volatile Status*>(status + s) = flag | static_cast<Status>(sum);
}

__device__ __forceinline__ int64_t warp_sum(int64_t x) {
#pragma unroll
    for (int d = 16; d; d >>= 1) x += __shfl_xor_sync(ALL_LANES, x, d);
    return x;
}

// One warp calls it after publish(SIZE): the sum of all segments before s; publishes the prefix of s, whose size is `size`.
__device__ __forceinline__ int64_t look_back(Status* status, int s, int64_t size) {
    int lane = threadIdx.x & 31;
    int64_t sum = 0;
    for (int from = s - 1; from >= 0; from -= 32) {
        int q = from - lane;
        Status x = PREFIX;
        do {
            if (q >= 0) x = *reinterpret_cast<volatile Status*>(status + q);
        } while (__any_sync(ALL_LANES, x < SIZE));
        uint32_t prefixes = __ballot_sync(ALL_LANES, x >= PREFIX);
        int nearest = prefixes ? __ffs(prefixes) - 1 : 32;
        sum += warp_sum(lane <= nearest ? static_cast<int64_t>(x & SUM) : 0);
        if (prefixes) break;
    }
    if (lane == 0) publish(status, s, PREFIX, sum + size);
    return sum;
}

}  // namespace moe
