// Grouped GEMM tiles: which expert and which rows each tile of block_m rows covers.
//
// seg int64 lists (offsets int32 [lists + 1]), each ascending: expert e has the rows [seg[e], seg[e + 1]). Results in the
// final layout: indptr int64, lists as long as those of seg, tiles before each expert; indptr_offsets and tile_offsets
// int32 [lists + 1]; tile_expert int32, tile_row_start and tile_row_end int64, one entry a tile.
// status int64 [2], zero before: [0] lists that are empty, negative or descending, which the host looks for and words an
// error about; such a list gets no tiles. [1] all tiles, for the host to allocate the last three by.
// tiles int64 [lists]: scratch. Launches: scan (a warp a list), offsets (one block), write (a thread a tile).
//
// Rows are 64 bits wide and tiles of a list may be far more than an offset can say: sums are cut at 2^32 a list, so that
// the total of a batch cannot wrap around and still says that it is too large.
#include "include/offsets.cuh"

using namespace moe;

namespace {

constexpr int THREADS = 256;
constexpr long long MOST = 1ll << 32;

// Tiles of the expert at `at`; -1 where its rows make no sense.
__device__ __forceinline__ long long tiles_of(const long long* seg, int64_t at, int block_m) {
    long long first = __ldg(seg + at);
    long long end = __ldg(seg + at + 1);
    if (first < 0 || end < first) {
        return -1;
    }
    long long rows = end - first;
    return rows / block_m + (rows % block_m != 0);
}

}  // namespace

extern "C" __global__ void __launch_bounds__(THREADS) grouped_gemm_tiles_scan(const long long* seg, const int* offsets,
        int lists, int block_m, long long* indptr, int* indptr_offsets, long long* tiles, unsigned long long* status) {
    unsigned lane = threadIdx.x & 31;
    int64_t list = (static_cast<int64_t>(blockIdx.x) * THREADS + threadIdx.x) / 32;
    if (list >= lists) {
        return;
    }
    int begin = __ldg(offsets + list) - __ldg(offsets);
    int end = __ldg(offsets + list + 1) - __ldg(offsets);
    bool bad = begin == end;
    long long total = 0;
    for (int at = begin + static_cast<int>(lane); at - static_cast<int>(lane) < end; at += 32) {
        long long mine = at < end - 1 ? tiles_of(seg, at, block_m) : 0;
        bad |= mine < 0;
        mine = mine < 0 ? 0 : mine;
        long long through = warp_inclusive(mine);
        if (at < end) {
            indptr[at] = total + through - mine;
        }
        total += __shfl_sync(ALL_LANES, through, 31);
    }
    bad = __any_sync(ALL_LANES, bad);
    if (lane == 0) {
        tiles[list] = bad ? 0 : total < MOST ? total : MOST;
        indptr_offsets[list + 1] = end;
        if (list == 0) {
            indptr_offsets[0] = 0;
        }
        if (bad) {
            atomicAdd(status, 1ull);
        }
    }
}

extern "C" __global__ void __launch_bounds__(OFFSETS_THREADS)
        grouped_gemm_tiles_offsets(const long long* tiles, int lists, int* tile_offsets, unsigned long long* status) {
    long long total = write_offsets(tiles, lists, tile_offsets, 1, nullptr);
    if (threadIdx.x == 0) {
        status[1] = total;
    }
}

// tiles: the total, as the host read it.
extern "C" __global__ void __launch_bounds__(THREADS) grouped_gemm_tiles_write(const long long* seg, const int* offsets,
        int lists, int block_m, const long long* indptr, const int* tile_offsets, int tiles, int* tile_expert,
        long long* tile_row_start, long long* tile_row_end) {
    int64_t step = static_cast<int64_t>(gridDim.x) * THREADS;
    for (int64_t tile = static_cast<int64_t>(blockIdx.x) * THREADS + threadIdx.x; tile < tiles; tile += step) {
        int list = list_of(tile_offsets, lists, static_cast<int>(tile));
        int begin = __ldg(offsets + list) - __ldg(offsets);
        int experts = __ldg(offsets + list + 1) - __ldg(offsets) - begin - 1;
        long long in_list = tile - __ldg(tile_offsets + list);
        int expert = list_of(indptr + begin, experts, in_list);
        long long row = __ldg(seg + begin + expert) + (in_list - __ldg(indptr + begin + expert)) * block_m;
        long long left = __ldg(seg + begin + expert + 1) - row;
        tile_expert[tile] = expert;
        tile_row_start[tile] = row;
        tile_row_end[tile] = row + (left < block_m ? left : block_m);
    }
}
