// Launches of the reorder kernels as the product's launchers make them (src/main/cuda/README.md), and which kernel it is.
#pragma once
#include "driver.hpp"
#include "reorder_data.hpp"

namespace reorder {

using driver::Buffer;

struct Variant {
    enum Kind { ANY, COPY, BULK, TO_FP8, SCALED, SCALED14, SCALED8 } kind;
    int warps;
    bool evict_first;
    std::string name() const {
        static const char* const names[] = {"any", "copy", "bulk", "fp8", "scaled", "scaled14", "scaled8"};
        return std::string(names[kind]) + " w" + std::to_string(warps) + (evict_first ? " evict_first" : "");
    }
};

struct SlotParams {
    const int *ids, *src2dst;
    int first, last, rows;
    unsigned* named;
    unsigned long long* tally;
};

inline int ceil_div(long long a, long long b) { return static_cast<int>((a + b - 1) / b); }

// A kernel's last parameters: the slots, and the scales where there are any.
template <class... Args>
void launch(const char* stem, const std::string& name, int grid, int threads, int shared, const SlotParams& s, Args... args) {
    driver::run(driver::kernel(stem, name), grid, 1, threads, shared, args..., s.ids, s.src2dst, s.first, s.last, s.rows, s.named, s.tally);
}
template <class... Args>
void launch_scaled(const char* stem, const std::string& name, int grid, int threads, int shared, const SlotParams& s,
    const float* scales, int mode, int count, Args... args) {
    driver::run(driver::kernel(stem, name), grid, 1, threads, shared, args..., s.ids, s.src2dst, s.first, s.last, s.rows, s.named, s.tally, scales, mode, count);
}

// A batch on the device. `unaligned` puts the values at an odd address of their type.
struct Input {
    const Batch& b;
    Buffer<unsigned char> in;
    Buffer<int> ids, src2dst, offsets, row;
    Buffer<float> scales, weights, reciprocal;
    Buffer<long long> scale_offsets, row_offsets;
    Buffer<unsigned> named;
    Buffer<unsigned long long> tally;
    int shift;

    explicit Input(const Batch& batch, bool unaligned = false)
        : b(batch), in(batch.in.size() + 16), ids(batch.ids), src2dst(batch.src2dst), row(batch.ids.size()), scales(batch.scales),
          weights(batch.weights), reciprocal(batch.ids.size()), scale_offsets(batch.scale_offsets),
          named((batch.all_targets() + 31) / 32), tally(4), shift(unaligned ? bytes_of(batch.type) : 0) {
        if (!b.in.empty()) CUDA(toDevice(in.address() + shift, b.in.data(), b.in.size()));
        std::vector<int> starts{7};
        std::vector<long long> rows{0};
        for (int s = 0; s < b.segments(); s++) starts.push_back(starts.back() + b.tokens[s] * b.topk), rows.push_back(rows.back() + b.targets[s]);
        offsets = Buffer<int>(starts);
        row_offsets = Buffer<long long>(rows);
        named.clearAsync(named.count());
        tally.clearAsync(4);
    }
    const unsigned char* rows() const { return in.get() + shift; }
    unsigned* names(bool note) const { return note ? named.get() : nullptr; }

    SlotParams direct(bool note) const {
        return {ids.get(), src2dst.get(), b.first, b.last, b.all_targets(), names(note), tally.get()};
    }
    SlotParams ready() const { return {nullptr, row.get(), 0, 0, b.all_targets(), nullptr, tally.get()}; }
    void prepare(bool note) const {
        driver::run(driver::kernel("reorder_slots", "reorder_slots"), ceil_div(b.slots(), 256), 1, 256, 0, (const void*)ids.get(), 2,
            (const int*)src2dst.get(), (const int*)offsets.get(), b.segments(), b.slots(), b.topk, (const long long*)row_offsets.get(), b.first, b.last,
            (const float*)scales.get(), b.mode, (const long long*)scale_offsets.get(), static_cast<int>(b.scale_offsets.size()) - 1, row.get(), reciprocal.get(),
            names(note), tally.get());
    }
};

inline bool takes(const Variant& v, const Batch& b, bool unaligned) {
    long long in_bytes = 1ll * b.hidden * bytes_of(b.type), out_bytes = 1ll * b.hidden * bytes_of(b.out_type);
    bool rows = !unaligned && in_bytes % 16 == 0 && out_bytes % 16 == 0 && b.topk <= 32, wide = b.type == FP16 || b.type == BF16;
    switch (v.kind) {
        case Variant::ANY: return true;
        case Variant::COPY:
        case Variant::BULK: return rows && b.type == b.out_type && b.mode == NO_SCALES;
        case Variant::TO_FP8: return rows && wide && b.out_type == FP8 && b.mode == NO_SCALES;
        case Variant::SCALED8: return rows && wide && b.out_type == FP8 && b.mode != NO_SCALES;
        default: return rows && wide && b.out_type == b.type && b.mode != NO_SCALES && (v.kind == Variant::SCALED || in_bytes % 7168 == 0);
    }
}

// Pieces of up to 3,584 bytes (half of that where they shrink is a multiple of 16): as even as can be.
inline int piece_bytes(int row_bytes) {
    int pieces = ceil_div(row_bytes, 3584);
    return ceil_div(ceil_div(row_bytes, pieces), 128) * 128;
}

inline void pre(const Variant& v, const Input& in, const SlotParams& s, unsigned char* out) {
    const Batch& b = in.b;
    int tokens = b.all_tokens(), row_bytes = b.hidden * bytes_of(b.type), vectors = row_bytes / 16;
    bool ready = s.ids == nullptr;
    const float* scales = ready ? in.reciprocal.get() : in.scales.get();
    int mode = ready && b.mode != NO_SCALES ? 4 : b.mode, count = ready ? b.slots() : static_cast<int>(b.scales.size());
    std::string type = b.type == FP16 ? "fp16" : "bf16";
    if (tokens == 0) return;
    switch (v.kind) {
        case Variant::ANY: {
            int piece = std::min(2048, ceil_div(b.hidden, 8) * 8);
            launch_scaled("pre_reorder", "pre_reorder_any", tokens * ceil_div(b.hidden, piece), std::min(256, ceil_div(piece / 8, 32) * 32), 8 * b.topk, s,
                scales, mode, count, (const void*)in.rows(), b.type, (void*)out, b.out_type, b.hidden, piece, b.topk);
            break;
        }
        case Variant::COPY:
            launch("pre_reorder", "pre_reorder_copy", ceil_div(1ll * tokens * ceil_div(vectors, 256), v.warps), v.warps * 32, 0, s,
                (const void*)in.rows(), (void*)out, vectors, tokens, b.topk);
            break;
        case Variant::BULK:
        case Variant::TO_FP8: {
            int group = std::min(4, 32 / b.topk), piece = piece_bytes(row_bytes), pieces = ceil_div(row_bytes, piece);
            launch("pre_reorder_sm90", v.kind == Variant::BULK ? "pre_reorder_bulk" : "pre_reorder_fp8_" + type,
                ceil_div(1ll * ceil_div(tokens, group) * pieces, v.warps), v.warps * 32, v.warps * group * piece, s, (const void*)in.rows(), (void*)out, tokens,
                b.topk, group, row_bytes, piece, pieces, static_cast<int>(v.evict_first));
            break;
        }
        case Variant::SCALED:
        case Variant::SCALED14: {
            int each = v.kind == Variant::SCALED ? 4 : 14;
            launch_scaled("pre_reorder_scaled_sm90", "pre_reorder_scaled_" + type + "_v" + std::to_string(each),
                ceil_div(1ll * tokens * ceil_div(vectors, 32 * each), v.warps), v.warps * 32, 0, s, scales, mode, count, (const void*)in.rows(), (void*)out,
                vectors, tokens, b.topk);
            break;
        }
        default: {
            int span = v.warps * 32 * 7;
            launch_scaled("pre_reorder_scaled_sm90", "pre_reorder_scaled8_" + type, tokens * ceil_div(vectors, span), v.warps * 32, b.topk * span * 8, s, scales, mode,
                count, (const void*)in.rows(), (void*)out, vectors, b.topk, static_cast<int>(v.evict_first));
        }
    }
}

inline void zero(const Batch& b, unsigned char* out, unsigned* named, int rows_a_block) {
    int rows = b.all_targets();
    if (rows > 0)
        driver::run(driver::kernel("pre_reorder", "zero_unnamed"), ceil_div(rows, rows_a_block), 1, 256, 0, out, 1ll * b.hidden * bytes_of(b.out_type), rows,
            rows_a_block, named);
}

// kind: 0 any, 2 rows, 14 bulk_v4, 17 bulk_v7.
inline bool takes_post(int kind, const Batch& b, int arithmetic, bool unaligned) {
    if (kind == 0) return true;
    bool rows = !unaligned && b.hidden % 8 == 0 && b.topk <= 32 && (b.type == FP16 || b.type == BF16);
    return rows && (arithmetic < FMA16 || kind == 17);
}

inline void post(int kind, int warps, const Input& in, const SlotParams& s, int arithmetic, float factor, unsigned char* out) {
    const Batch& b = in.b;
    int tokens = b.all_tokens(), row_bytes = b.hidden * bytes_of(b.type), vectors = row_bytes / 16, each = kind % 10;
    std::string type = b.type == FP16 ? "fp16" : "bf16";
    const float* weights = in.weights.get();
    if (tokens == 0) return;
    if (kind == 0) {
        int piece = std::min(2048, ceil_div(b.hidden, 8) * 8);
        launch("post_reorder", "post_reorder_any", tokens * ceil_div(b.hidden, piece), std::min(256, ceil_div(piece / 8, 32) * 32), 8 * b.topk, s,
            (const void*)in.rows(), (void*)out, b.type, b.hidden, piece, b.topk, weights, arithmetic, factor);
    } else if (kind < 10) {
        launch("post_reorder", "post_reorder_rows_" + type, ceil_div(1ll * tokens * ceil_div(vectors, 32 * each), warps), warps * 32, 0,
            s, (const void*)in.rows(), (void*)out, vectors, tokens, b.topk, weights, arithmetic, factor);
    } else {
        launch("post_reorder_sm90", "post_reorder_bulk_" + type + (arithmetic >= FMA16 ? "_fma" : "") + "_v" + std::to_string(each),
            tokens * ceil_div(row_bytes, each * 512), 32, 0, s, (const void*)in.rows(), (void*)out, row_bytes, b.topk, weights, arithmetic, factor);
    }
}

}  // namespace reorder
