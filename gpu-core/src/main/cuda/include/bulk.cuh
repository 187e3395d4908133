// Bulk copies between global and shared memory (compute capability 9.0): one thread starts the copy of a whole piece of a
// row; a load says through a barrier in shared memory when it is there. Addresses and sizes are multiples of 16.
#pragma once
#include <cstdint>

namespace moe {

__device__ __forceinline__ uint32_t shared_address(const void* p) {
    return static_cast<uint32_t>(__cvta_generic_to_shared(p));
}

// For one load at a time, which may start after a sync.
__device__ __forceinline__ void barrier_init(uint64_t* barrier) {
    asm volatile("mbarrier.init.shared::cta.b64 [%0], 1;\n\tfence.mbarrier_init.release.cluster;" ::"r"(
                     shared_address(barrier))
                 : "memory");
}

__device__ __forceinline__ void barrier_wait(const uint64_t* barrier, uint32_t parity) {
    asm volatile(
        "{\n\t.reg .pred there;\n\tAGAIN:\n\t"
        "mbarrier.try_wait.parity.shared::cta.b64 there, [%0], %1;\n\t"
        "@!there bra AGAIN;\n\t}" ::"r"(shared_address(barrier)),
        "r"(parity)
        : "memory");
}

__device__ __forceinline__ void bulk_load(void* to, const void* from, uint32_t bytes, uint64_t* barrier) {
    asm volatile(
        "mbarrier.arrive.expect_tx.shared::cta.b64 _, [%3], %2;\n\t"
        "cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [%0], [%1], %2, [%3];" ::"r"(
            shared_address(to)),
        "l"(from), "r"(bytes), "r"(shared_address(barrier))
        : "memory");
}

// Stores may have to make way in the cache first, so that what is read stays.
__device__ __forceinline__ uint64_t store_policy(bool evict_first) {
    uint64_t policy;
    if (evict_first) {
        asm volatile("createpolicy.fractional.L2::evict_first.b64 %0, 1.0;" : "=l"(policy));
    } else {
        asm volatile("createpolicy.fractional.L2::evict_normal.b64 %0, 1.0;" : "=l"(policy));
    }
    return policy;
}

__device__ __forceinline__ void bulk_store(void* to, const void* from, uint32_t bytes, uint64_t policy) {
    asm volatile("cp.async.bulk.global.shared::cta.bulk_group.L2::cache_hint [%0], [%1], %2, %3;" ::"l"(to),
                 "r"(shared_address(from)), "r"(bytes), "l"(policy)
                 : "memory");
}

// What plain instructions wrote to shared memory is seen by bulk stores that follow (and a sync).
__device__ __forceinline__ void bulk_fence() { asm volatile("fence.proxy.async.shared::cta;" ::: "memory"); }

// The stores of this thread have read shared memory, which may go away.
__device__ __forceinline__ void bulk_stores_read() {
    asm volatile("cp.async.bulk.commit_group;\n\tcp.async.bulk.wait_group.read 0;" ::: "memory");
}

}  // namespace moe
