// moe_pre_reorder on every device: a token's row goes to the row of each selected slot, divided by its scale.
//
// pre_reorder_any takes all types, hidden sizes and alignments; pre_reorder_copy rows of whole 16 bytes that keep their
// type and have no scale. zero_unnamed then zeroes the rows that no slot named. Rows are `rows` in all segments together.
#include "include/selected.cuh"
#include "include/tensor.cuh"

using namespace moe;

namespace {

struct Rows {
    const void* in;
    void* out;
    int in_type, out_type, hidden;
};

template <int N>
__device__ __forceinline__ void
pre_piece(const Rows& r, const Selected& selected, int count, int64_t token, int begin, int end) {
    for (int h = begin + static_cast<int>(threadIdx.x) * N; h < end; h += static_cast<int>(blockDim.x) * N) {
        Values<N> values;
        values.load(r.in, r.in_type, token * r.hidden + h);
        for (int k = 0; k < count; k++) {
            Values<N> scaled;
#pragma unroll
            for (int i = 0; i < N; i++) {
                scaled.x[i] = __fmul_rn(values.x[i], selected.factors[k]);
            }
            scaled.store(r.out, r.out_type, static_cast<int64_t>(selected.rows[k]) * r.hidden + h);
        }
    }
}

template <class Unit>
__device__ __forceinline__ void
copy_units(const Rows& r, const Selected& selected, int count, int64_t token, int64_t row_bytes, int64_t begin,
        int64_t end) {
    int64_t row = row_bytes / sizeof(Unit), last = end / static_cast<int64_t>(sizeof(Unit));
    for (int64_t at = begin / static_cast<int64_t>(sizeof(Unit)) + threadIdx.x; at < last; at += blockDim.x) {
        Unit unit = __ldg(static_cast<const Unit*>(r.in) + token * row + at);
        for (int k = 0; k < count; k++) static_cast<Unit*>(r.out)[selected.rows[k] * row + at] = unit;
    }
}

// Rows that keep their type and have no scale keep their bits too, those of a NaN included.
__device__ __forceinline__ void
copy_piece(const Rows& r, const Selected& selected, int count, int64_t token, int64_t begin, int64_t end) {
    int64_t bytes = element_bytes(r.in_type), row = r.hidden * bytes;
    uint64_t alignment = reinterpret_cast<uint64_t>(r.in) | reinterpret_cast<uint64_t>(r.out) | static_cast<uint64_t>(row);
    if ((alignment & 15) == 0) {
        copy_units<uint4>(r, selected, count, token, row, begin * bytes, end * bytes);
    } else if ((alignment & 3) == 0) {
        copy_units<uint32_t>(r, selected, count, token, row, begin * bytes, end * bytes);
    } else if ((alignment & 1) == 0) {
        copy_units<uint16_t>(r, selected, count, token, row, begin * bytes, end * bytes);
    } else {
        copy_units<uint8_t>(r, selected, count, token, row, begin * bytes, end * bytes);
    }
}

// One warp copies 32 * VPT vectors of 16 bytes of one token to each selected slot.
__device__ __forceinline__ void
copy_vectors(const uint4* in, uint4* out, int vectors, int tokens, int topk, const Slots& s) {
    constexpr int VPT = 8;
    int lane = threadIdx.x & 31;
    int pieces = (vectors + 32 * VPT - 1) / (32 * VPT);
    int64_t warp = (static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x) >> 5;
    int64_t token = warp / pieces;
    int piece = static_cast<int>(warp - token * pieces);
    if (token >= tokens) {
        return;
    }
    Slot slot = slot_at(s, token * topk + lane, lane < topk);
    unsigned mask = __ballot_sync(0xffffffffu, slot.row >= 0);
    int at = piece * 32 * VPT + lane;
    uint4 v[VPT];
    if (mask != 0) {
#pragma unroll
        for (int j = 0; j < VPT; j++) {
            if (at + j * 32 < vectors) v[j] = __ldcs(in + token * vectors + at + j * 32);
        }
    }
    if (piece == 0) {
        note(s, slot);
    }
    for (; mask != 0; mask &= mask - 1) {
        int row = __shfl_sync(0xffffffffu, slot.row, __ffs(mask) - 1);
        uint4* to = out + static_cast<int64_t>(row) * vectors + at;
#pragma unroll
        for (int j = 0; j < VPT; j++) {
            if (at + j * 32 < vectors) __stcs(to + j * 32, v[j]);
        }
    }
}

}  // namespace

// Grid tokens * pieces, any number of whole warps; a block takes `piece` values (a multiple of 8) of one token.
// Shared memory 8 * topk.
extern "C" __global__ void __launch_bounds__(256) pre_reorder_any(const void* in, int in_type, void* out, int out_type,
        int hidden, int piece, int topk, MOE_SLOT_PARAMS, MOE_SCALE_PARAMS) {
    extern __shared__ __align__(16) char shared[];
    Rows r{in, out, in_type, out_type, hidden};
    int pieces = (hidden - 1) / piece + 1;
    int64_t token = blockIdx.x / pieces;
    int begin = static_cast<int>(blockIdx.x - token * pieces) * piece;
    int end = hidden - begin < piece ? hidden : begin + piece;
    Slots s = MOE_SLOTS;
    Scales divisors = MOE_SCALES;
    Selected selected(shared, topk);
    int count = selected.gather(s, token, topk, begin == 0, [&](const Slot& slot, int64_t at) {
        return divisors.mode == NO_SCALES ? 1.0f : reciprocal_of(divisors, s, slot, at, token);
    });
    bool vectors = hidden % 8 == 0 && ((reinterpret_cast<uint64_t>(in) | reinterpret_cast<uint64_t>(out)) & 15) == 0;
    if (divisors.mode == NO_SCALES && in_type == out_type) {
        copy_piece(r, selected, count, token, begin, end);
    } else if (vectors) {
        pre_piece<8>(r, selected, count, token, begin, end);
    } else {
        pre_piece<1>(r, selected, count, token, begin, end);
    }
}

// Warps for tokens * pieces of 256 vectors, up to 8 a block. `vectors`: 16 bytes each, of a row. topk <= 32.
extern "C" __global__ void __launch_bounds__(256)
        pre_reorder_copy(const uint4* in, uint4* out, int vectors, int tokens, int topk, MOE_SLOT_PARAMS) {
    copy_vectors(in, out, vectors, tokens, topk, MOE_SLOTS);
}

// Zeroes the rows whose bit in `named` is 0 and leaves all bits 0. A block takes `rows_a_block` rows, at most 32.
extern "C" __global__ void __launch_bounds__(256)
        zero_unnamed(char* out, long long row_bytes, int rows, int rows_a_block, uint32_t* named) {
    int64_t from = static_cast<int64_t>(blockIdx.x) * rows_a_block;
    for (int64_t row = from; row < rows && row < from + rows_a_block; row++) {
        uint32_t bit = 1u << (row & 31);
        if ((named[row >> 5] & bit) == 0) {  // other blocks change other bits only
            char* to = out + row * row_bytes;
            if (aligned16(out, row_bytes)) {
                for (int64_t b = threadIdx.x * 16; b < row_bytes; b += blockDim.x * 16) {
                    *reinterpret_cast<uint4*>(to + b) = make_uint4(0, 0, 0, 0);
                }
            } else {
                for (int64_t b = threadIdx.x; b < row_bytes; b += blockDim.x) to[b] = 0;
            }
        } else {
            __syncthreads();  // all threads have seen the bit
            if (threadIdx.x == 0) atomicAnd(named + (row >> 5), ~bit);
        }
    }
}
