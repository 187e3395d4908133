// Transitions of all pairs of layers as one product of bit matrices, on tensor cores.
//
// transitions_pack: bits [layers * num_experts][words]: bit t of row (layer, expert) says whether token t of the chunk names
// the expert at the layer. Every word is written; words is a multiple of 32, bits beyond the chunk are zero. A token that
// names an expert twice in a layer has one bit for it: it goes to `list` once (`listed` of them) and has a bit of its own in
// `flags`, of the layer and behind the layers' of any layer, [layers + 1][words]; flags and listed are zeroed before.
// transitions_tokens adds what is missing. Odd ids have no bit and are added to tally.
//
// transitions_product: counts[a][b] = popcount(row a & row b) for a tile of 256 x 128 rows, by mma on single bits, added to
// cells (as in transitions.cu; null: a pair that is not wanted). tiles: int2, numbers of the tile's rows and columns. Grid
// (tiles, parts of the words). Stages of 1,024 tokens come by cp.async through a ring in shared memory, the 16-byte chunks of
// a row swapped so that ldmatrix meets different banks.
#include "include/transitions.cuh"

using namespace moe;

namespace {

constexpr int PACK_THREADS = 1024;
constexpr int PITCH = 33;
constexpr int ROWS = 256, COLUMNS = 128;
constexpr int TILE_ROWS = 2;  // of 16, a warp; with twice as many there are too few warps to hide what loads take
constexpr int THREADS = ROWS / (16 * TILE_ROWS) * 2 * 32;
constexpr int STAGES = 4;
constexpr int STAGE_WORDS = 32;
constexpr int STAGE = (ROWS + COLUMNS) * STAGE_WORDS;

__device__ __forceinline__ void copy_16(uint32_t to, const uint32_t* from) {
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(to), "l"(from));
}

__device__ __forceinline__ void multiply(int (&c)[4], const uint32_t (&a)[4], uint32_t low, uint32_t high) {
    asm("mma.sync.aligned.m16n8k256.row.col.s32.b1.b1.s32.and.popc {%0,%1,%2,%3},{%4,%5,%6,%7},{%8,%9},{%0,%1,%2,%3};"
            : "+r"(c[0]), "+r"(c[1]), "+r"(c[2]), "+r"(c[3])
            : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(low), "r"(high));
}

// Four 8 x 16-byte matrices, whose rows are at the addresses that the lanes give, eight lanes a matrix.
__device__ __forceinline__ void load_matrices(uint32_t (&v)[4], uint32_t address) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3},[%4];"
            : "=r"(v[0]), "=r"(v[1]), "=r"(v[2]), "=r"(v[3])
            : "r"(address)
            : "memory");
}

// Starts the copy of one stage: rows of 32 words, 8 chunks each.
__device__ __forceinline__ void
load_stage(uint32_t to, const uint32_t* bits, int words, int word, int row, int column, int last) {
#pragma unroll
    for (int i = 0; i < (ROWS + COLUMNS) * 8 / THREADS; i++) {
        int x = static_cast<int>(threadIdx.x) + i * THREADS;
        int r = x / 8, chunk = x % 8;
        int from = min(r < ROWS ? row + r : column + r - ROWS, last);
        copy_16(to + (r * STAGE_WORDS + (chunk ^ (r & 7)) * 4) * 4, bits + static_cast<size_t>(from) * words + word + chunk * 4);
    }
}

// c[i][j]: rows 16 i, columns 8 j of the warp's.
__device__ __forceinline__ void multiply_stage(uint32_t stage, int (&c)[TILE_ROWS][8][4], int warp_row, int warp_column) {
    int lane = threadIdx.x % 32;
    uint32_t rows = stage + (warp_row + lane % 16) * STAGE_WORDS * 4;
    uint32_t columns = stage + (ROWS + warp_column + lane % 8 + lane / 16 * 8) * STAGE_WORDS * 4;
    uint32_t row_chunk = (lane / 16 ^ lane % 8) * 16, column_chunk = (lane / 8 % 2 ^ lane % 8) * 16;
#pragma unroll
    for (int k = 0; k < STAGE_WORDS / 8; k++) {
        uint32_t b[4][4];
#pragma unroll
        for (int j = 0; j < 4; j++) load_matrices(b[j], columns + j * 16 * STAGE_WORDS * 4 + (column_chunk ^ k * 32));
#pragma unroll
        for (int i = 0; i < TILE_ROWS; i++) {
            uint32_t a[4];
            load_matrices(a, rows + i * 16 * STAGE_WORDS * 4 + (row_chunk ^ k * 32));
#pragma unroll
            for (int j = 0; j < 8; j++) multiply(c[i][j], a, b[j / 2][j % 2 * 2], b[j / 2][j % 2 * 2 + 1]);
        }
    }
}

}  // namespace

extern "C" __global__ void __launch_bounds__(PACK_THREADS)
        transitions_pack(MOE_GROUP_PARAMS, int first, int tokens, int words, uint32_t* bits, uint32_t* flags, int* list,
                int* listed, unsigned long long* tally) {
    extern __shared__ uint32_t packed[];  // [num_experts][PITCH]
    Group g = MOE_GROUP;
    Bins bins = bins_of(id_type, num_experts);
    for (int i = threadIdx.x; i < num_experts * PITCH; i += PACK_THREADS) packed[i] = 0;
    __syncthreads();
    int t = blockIdx.x * PACK_THREADS + threadIdx.x, layer = blockIdx.y, warp = threadIdx.x / 32, lane = threadIdx.x % 32;
    uint32_t bit = 1u << lane;
    unsigned masked = 0, invalid = 0;
    if (t < tokens) {
        unsigned at = g.start(first + t, g.block_of(first + t), layer);
        bool repeated = false;
        for (int k = 0; k < topk; k++) {
            unsigned code = g.code(at + k);
            if (code < bins.limit) {
                repeated |= (atomicOr(packed + code * PITCH + warp, bit) & bit) != 0;
            } else {
                masked += bins.of(code) == 0;
                invalid += bins.of(code) != 0;
            }
        }
        if (repeated) {
            atomicOr(flags + layer * words + t / 32, bit);
            if ((atomicOr(flags + layers * words + t / 32, bit) & bit) == 0) list[atomicAdd(listed, 1)] = first + t;
        }
    }
    __syncthreads();
    add_odd(masked, invalid, tally);
    uint32_t* to = bits + static_cast<size_t>(layer) * num_experts * words + blockIdx.x * 32 + lane;
    for (int e = warp; e < num_experts; e += PACK_THREADS / 32) to[static_cast<size_t>(e) * words] = packed[e * PITCH + lane];
}

extern "C" __global__ void __launch_bounds__(THREADS, 1)
        transitions_product(const uint32_t* bits, int words, int layers, int num_experts, const int2* tiles,
                unsigned long long* const* cells) {
    extern __shared__ __align__(128) uint32_t ring[];
    int2 tile = tiles[blockIdx.x];
    int row = tile.x * ROWS, column = tile.y * COLUMNS, total = layers * num_experts;
    int stages = words / STAGE_WORDS;
    int from = static_cast<int>(static_cast<int64_t>(stages) * blockIdx.y / gridDim.y);
    int stage_count = static_cast<int>(static_cast<int64_t>(stages) * (blockIdx.y + 1) / gridDim.y) - from;
    uint32_t shared = static_cast<uint32_t>(__cvta_generic_to_shared(ring));
    auto load = [&](int stage) {
        if (stage < stage_count) {
            load_stage(shared + stage % STAGES * STAGE * 4, bits, words, (from + stage) * STAGE_WORDS, row, column, total - 1);
        }
        asm volatile("cp.async.commit_group;");
    };
    int c[TILE_ROWS][8][4] = {};
    int warp = threadIdx.x / 32, warp_row = warp / 2 * 16 * TILE_ROWS, warp_column = warp % 2 * 64;
    for (int stage = 0; stage < STAGES - 1; stage++) load(stage);
    for (int stage = 0; stage < stage_count; stage++) {
        asm volatile("cp.async.wait_group %0;" ::"n"(STAGES - 2));
        __syncthreads();
        load(stage + STAGES - 1);
        multiply_stage(shared + stage % STAGES * STAGE * 4, c, warp_row, warp_column);
    }
    // By way of shared memory, so that a warp adds to neighbouring counts.
    __syncthreads();
    int* tile_counts = reinterpret_cast<int*>(ring);
    int group = threadIdx.x % 32 / 4, in_group = threadIdx.x % 4;
#pragma unroll
    for (int i = 0; i < TILE_ROWS; i++) {
#pragma unroll
        for (int j = 0; j < 8; j++) {
            int* to = tile_counts + (warp_row + i * 16 + group) * COLUMNS + warp_column + j * 8 + in_group * 2;
            *reinterpret_cast<int2*>(to) = make_int2(c[i][j][0], c[i][j][1]);
            *reinterpret_cast<int2*>(to + 8 * COLUMNS) = make_int2(c[i][j][2], c[i][j][3]);
        }
    }
    __syncthreads();
    int b = column + threadIdx.x % COLUMNS, to_layer = b / num_experts;
    for (int r = threadIdx.x / COLUMNS; r < ROWS && row + r < total && b < total; r += THREADS / COLUMNS) {
        int a = row + r, from_layer = a / num_experts, count = tile_counts[r * COLUMNS + threadIdx.x % COLUMNS];
        unsigned long long* matrix = count == 0 ? nullptr : cells[from_layer * layers + to_layer];
        if (matrix != nullptr) {
            int at = (a - from_layer * num_experts) * num_experts + b - to_layer * num_experts;
            atomicAdd(matrix + at, static_cast<unsigned long long>(count));
        }
    }
}
