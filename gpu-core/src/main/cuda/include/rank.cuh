// The rank step: a warp takes 32 consecutive ids and every lane learns how many equal keys came before its own.
//
// One vote a bit of the key; a lane keeps the vote or its complement, and the AND of all is the set of lanes with its
// key (its peers). rank = counter[key] + peers in lower lanes; the highest peer stores the new counter. Counters are
// uint16 in shared memory, one row a warp, touched by that warp alone: no returning atomic anywhere, so the order of
// lanes, steps, warps and tiles alone decides every position, which makes all results stable and repeatable.
//
// Surprising choices. The bit test and the vote are inline PTX in the one form that lets ptxas test all bits of a key by
// R2P: the plain C++ form takes twice the instructions. The complement is a predicated multiply-add, -x - 1, by a -1
// that ptxas cannot see through: the multiply pipe is idle here, while Hopper runs integer logic at half rate.
#pragma once
#include <cstdint>

namespace moe {

// Loops over the ITEMS ids of a lane are unrolled, and end after a whole group of them.
__host__ __device__ constexpr int group_of(int items) { return items > 8 ? items / 4 : items > 4 ? 2 : 1; }

constexpr uint32_t ALL_LANES = 0xffffffffu;

__device__ __forceinline__ uint32_t lanes_below() {
    uint32_t m;
    asm("mov.u32 %0, %%lanemask_lt;" : "=r"(m));
    return m;
}

__device__ __forceinline__ uint32_t lanes_above() {
    uint32_t m;
    asm("mov.u32 %0, %%lanemask_gt;" : "=r"(m));
    return m;
}

// -1 in a way that ptxas cannot fold: no device has 2^20 multiprocessors.
__device__ __forceinline__ uint32_t opaque_minus_one() {
    uint32_t m;
    asm("mov.u32 %0, %%nsmid;" : "=r"(m));
    m = (m >> 20) - 1u;
    asm volatile("" : "+r"(m));
    return m;
}

__device__ __forceinline__ uint32_t shared_address(const void* p) {
    return static_cast<uint32_t>(__cvta_generic_to_shared(p));
}

__device__ __forceinline__ uint32_t load_u16(uint32_t address) {
    uint16_t v;
    asm volatile("ld.shared.u16 %0, [%1];" : "=h"(v) : "r"(address) : "memory");
    return v;
}

__device__ __forceinline__ void store_u16(uint32_t address, uint32_t v) {
    asm volatile("st.shared.u16 [%0], %1;" ::"r"(address), "h"(static_cast<uint16_t>(v)) : "memory");
}

__device__ __forceinline__ void store_u32(uint32_t address, uint32_t v) {
    asm volatile("st.shared.u32 [%0], %1;" ::"r"(address), "r"(v) : "memory");
}

// A pointer in registers: else a sum of kernel parameters is formed again, in four instructions, for every access.
template <typename T>
__device__ __forceinline__ T* settled(T* p) {
    asm volatile("" : "+l"(p));
    return p;
}

// One or two bits of a key (bit BIT of K): vote, complement where the lane's own bit is 0, AND to what is left so far.
// Bits from the sixth on are tested in a shifted copy: ptxas 13.0 gives R2P seven predicates at a time otherwise, which
// are all there are, and fails to allocate them where a loop keeps another.
#define MOE_BIT(P, T, K, BIT)                                                       \
    "and.b32 t," #K "," #BIT ";setp.ne.u32 " #P ",t,0;vote.sync.ballot.b32 " #T "," \
    #P ",-1;@!" #P " mad.lo.u32 " #T "," #T ",%2,%2;"
#define MOE_ONE(K, BIT) MOE_BIT(p, u, K, BIT) "and.b32 %0,%0,u;"
#define MOE_TWO(K, BIT, NEXT) MOE_BIT(p, u, K, BIT) MOE_BIT(q, v, K, NEXT) "lop3.b32 %0,%0,u,v,0x80;"
#define MOE_PEERS(BITS, VOTES)                                                                              \
    template <>                                                                                             \
    __device__ __forceinline__ uint32_t peers<BITS>(uint32_t key, uint32_t minus_one) {                     \
        uint32_t same;                                                                                      \
        asm volatile("{.reg .pred p,q;.reg .b32 t,u,v,h;" MOE_BIT(p, %0, %1, 1) MOE_TWO(%1, 2, 4)           \
                     MOE_TWO(%1, 8, 16) "shr.u32 h,%1,5;" VOTES "}"                                         \
                     : "=&r"(same)                                                                          \
                     : "r"(key), "r"(minus_one));                                                           \
        return same;                                                                                        \
    }

// The lanes that hold the same key in its lowest BITS bits.
template <int BITS>
__device__ __forceinline__ uint32_t peers(uint32_t key, uint32_t minus_one);
MOE_PEERS(7, MOE_TWO(h, 1, 2))
MOE_PEERS(8, MOE_TWO(h, 1, 2) MOE_ONE(h, 4))
MOE_PEERS(9, MOE_TWO(h, 1, 2) MOE_TWO(h, 4, 8))
MOE_PEERS(10, MOE_TWO(h, 1, 2) MOE_TWO(h, 4, 8) MOE_ONE(h, 16))
MOE_PEERS(11, MOE_TWO(h, 1, 2) MOE_TWO(h, 4, 8) MOE_TWO(h, 16, 32))

// Constants of a lane, held in registers over all steps.
struct Ranker {
    uint32_t row;  // shared address of this warp's counters
    uint32_t below, above, minus_one;

    __device__ __forceinline__ explicit Ranker(const uint16_t* counters)
        : row(shared_address(counters)), below(lanes_below()), above(lanes_above()), minus_one(opaque_minus_one()) {}

    __device__ __forceinline__ uint32_t counter(uint32_t key) const { return load_u16(row + 2 * key); }

    // The counter of a ranked value's key; in two instructions, where C++ takes three.
    __device__ __forceinline__ uint32_t counter_of(uint32_t ranked) const {
        uint32_t at;
        asm("{.reg .b32 t; and.b32 t,%1,0xffff; mad.lo.u32 %0,t,2,%2;}" : "=r"(at) : "r"(ranked), "r"(row));
        return load_u16(at);
    }

    // rank << 16 | key
    template <int BITS>
    __device__ __forceinline__ uint32_t step(uint32_t key) const {
        uint32_t same = peers<BITS>(key, minus_one);
        uint32_t at = row + 2 * key;
        uint32_t rank = load_u16(at) + __popc(same & below);
        __syncwarp();
        if ((same & above) == 0) {
            store_u16(at, rank + 1);
        }
        __syncwarp();
        return rank * 65536u + key;
    }

    template <int BITS, int ITEMS>
    __device__ __forceinline__ void steps(uint32_t (&v)[ITEMS], int items) const {
#pragma unroll
        for (int i = 0; i < ITEMS; i++) {
            if (i % group_of(ITEMS) == 0 && i >= items) break;
            v[i] = step<BITS>(v[i]);
        }
    }

    // Ranks the first `items` keys (whole groups); wide: some are of BITS + 1 bits.
    template <int BITS, int ITEMS>
    __device__ __forceinline__ void rank(uint32_t (&v)[ITEMS], bool wide, int items) const {
        if (wide) {
            steps<BITS + 1>(v, items);
        } else {
            steps<BITS>(v, items);
        }
    }
};

}  // namespace moe
