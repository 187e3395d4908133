// Co-activation of any kind, any topk up to 256, ids at any place; coactivation.cu says what is counted and where.
//
// A warp brings a tile of whole tokens to shared memory as uint16, odd ids as GONE. Then a lane takes an id at a time and
// meets the next topk / 2 of its token, around the corner, so that lanes share a token's pairs evenly.
#include "include/coactivation.cuh"

using namespace moe;

namespace {

constexpr int THREADS = COACTIVATION_THREADS;
constexpr unsigned TILE = 256;
constexpr unsigned GONE = 0xffff;

// A warp's tile of tokens of `topk` ids.
struct Tile {
    uint16_t* ids;
    unsigned lane, count, topk, reciprocal;

    __device__ __forceinline__ Tile(uint16_t* ids, int topk)
        : ids(ids), lane(threadIdx.x & 31), count(0), topk(topk), reciprocal(65535u / topk + 1) {}
    __device__ __forceinline__ unsigned token(unsigned q) const { return q * reciprocal >> 16; }

    __device__ __forceinline__ void
    load(const void* from, int type, const Line4& line, unsigned at, unsigned tokens, const Bins& bins, Odd& odd, bool counts) {
        count = tokens * topk;
        for (unsigned q = lane; q < count; q += 32) {
            unsigned t = token(q);
            unsigned start = line.starts == nullptr ? (at + t) * topk : static_cast<unsigned>(__ldg(line.starts + at + t));
            unsigned code = load_code(from, type, start + q - t * topk);
            bool in = code < bins.limit;
            if (!in && counts) odd.count(bins, code);
            ids[q] = static_cast<uint16_t>(in ? code : GONE);
        }
        __syncwarp();
    }

    __device__ __forceinline__ static unsigned load_code(const void* ids, int type, unsigned at) {
        switch (bytes_of(type)) {
            case 1: return __ldg(static_cast<const uint8_t*>(ids) + at);
            case 2: return __ldg(static_cast<const uint16_t*>(ids) + at);
            default: return __ldg(static_cast<const unsigned*>(ids) + at);
        }
    }

    // Calls f(one, other) for the pairs of slots of all tokens.
    template <typename F>
    __device__ __forceinline__ void each_pair(F f) const {
        for (unsigned q = lane; q < count; q += 32) {
            unsigned end = (token(q) + 1) * topk, a = ids[q], slot = q + topk - end;
            unsigned most = 2 * slot >= topk ? (topk - 1) / 2 : topk / 2;  // the pairs half around: once
            for (unsigned d = 1, other = q + 1; d <= most; d++, other++) {
                if (other == end) other -= topk;
                f(a, ids[other]);
            }
        }
    }

    // Whether no id of the tile is odd or, where sets are counted, repeated in its token.
    __device__ __forceinline__ bool plain(bool sets) const {
        bool odd = false;
        for (unsigned q = lane; q < count; q += 32) odd |= ids[q] == GONE;
        if (sets) each_pair([&](unsigned a, unsigned b) { odd |= a == b; });
        return !__any_sync(ALL_LANES, odd);
    }

    // Leaves only the first of equal ids of a token.
    __device__ __forceinline__ void drop_repeated() const {
        unsigned repeated = 0;
        for (unsigned q = lane, bit = 1; q < count; q += 32, bit *= 2) {
            for (unsigned other = token(q) * topk; other < q; other++) repeated |= ids[other] == ids[q] ? bit : 0;
        }
        __syncwarp();
        for (unsigned q = lane; repeated != 0; q += 32, repeated /= 2) {
            if (repeated & 1) ids[q] = GONE;
        }
        __syncwarp();
    }

    __device__ __forceinline__ void add_pairs(const Part& part) const {
        each_pair([&](unsigned a, unsigned b) {
            if (max(a, b) != GONE) part.add(a, b);
        });
    }

    __device__ __forceinline__ void add_lacking(const Part& part) const {
        for (unsigned q = lane; q < count; q += 32) {
            if (ids[q] == GONE) continue;
            unsigned t = token(q);
            int n = 0;
            for (unsigned slot = 0; slot < topk; slot++) n += ids[t * topk + slot] != GONE;
            part.lack(ids[q], n);
        }
    }

    __device__ __forceinline__ void add_neighbours(const Part& part) const {
        for (unsigned q = lane; q + 1 < count; q += 32) {
            if (token(q) == token(q + 1) && ids[q] != GONE && ids[q + 1] != GONE) part.add(ids[q], ids[q + 1]);
        }
    }
};

}  // namespace

extern "C" __global__ void __launch_bounds__(THREADS, 1)
        coactivation_any(const void* ids, int id_type, const int* starts, const int4* runs, int num_runs, int num_experts,
                int usual, int kind, const int* rows, int regions, int copies, unsigned long long* sums,
                unsigned long long* tally) {
    extern __shared__ unsigned memory[];
    Shape shape{num_experts, usual, kind, rows, regions, copies};
    Line4 line{starts, runs, num_runs};
    Bins bins = bins_of(id_type, num_experts);
    uint16_t* tiles = reinterpret_cast<uint16_t*>(memory);
    Part part(memory + THREADS / 32 * TILE / 2, shape, bins);
    Odd odd;
    part.clear();
    unsigned warp = threadIdx.x / 32;
    int64_t stride = num_experts * (num_experts + 3) / 2;
    each_run(line, part, shape, sums, stride, [&](unsigned from, unsigned to, int topk) {
        Tile tile(tiles + warp * TILE, topk);
        unsigned tokens = TILE / topk;
        for (unsigned at = from + warp * tokens; at < to; at += THREADS / 32 * tokens) {
            tile.load(ids, id_type, line, at, min(tokens, to - at), bins, odd, part.counts_ids);
            if (kind == ADJACENT) {
                tile.add_neighbours(part);
            } else {
                bool plain = tile.plain(part.sets);
                if (!plain && part.sets) tile.drop_repeated();
                tile.add_pairs(part);
                if (part.counts_ids && (!plain || topk != usual)) tile.add_lacking(part);
            }
            __syncwarp();
        }
    });
    odd.add_to(tally);
}
