// Launch configurations of compact, expert-parallel preprocessing and row ranks.
#pragma once
#include "launchers.hpp"

// Segments of a batch by who sorts them: a warp, a block, or the large launches.
struct Classes {
    std::vector<int> warp, block;
    driver::Buffer<int> warp_d, block_d;
    Classes(const Input& in, int warp_up_to, int large_from) {
        for (int s = 0; s < in.segments; s++) {
            if (in.lengths[s] >= large_from) continue;
            (in.lengths[s] <= warp_up_to ? warp : block).push_back(s);
        }
        warp_d = driver::Buffer<int>(warp);
        block_d = driver::Buffer<int>(block);
    }
    static int* list(const std::vector<int>& host, const driver::Buffer<int>& device, int segments) {
        return static_cast<int>(host.size()) == segments ? nullptr : device.get();
    }
};

// Offsets of what is kept: the ids' own where nothing can be left out.
struct KeptOffsets {
    driver::Buffer<int> kept, offsets;
    driver::Buffer<unsigned long long> status;
    explicit KeptOffsets(const Input& in) : kept(in.segments), offsets(in.segments + 1), status(in.segments / 2048 + 2) {}
    void launch(const Input& in, const LargePlan& large, int from_bin) const {
        int warps = in.ids_total / std::max(1, in.segments) > 1024 ? 8 : 1, tiles = (in.segments + 2047) / 2048;
        kept.clearAsync(in.segments);
        status.clearAsync(tiles + 1);
        in.run("segment_offsets", "kept_counts", (in.segments * warps + 7) / 8, 1, 256, 0, in.segments, warps, from_bin,
            large.segments_d.get(), static_cast<int>(large.segments.size()), large.totals.get(), kept.get());
        driver::run(driver::kernel("segment_offsets", "segment_offsets"), tiles, 1, 256, 0, kept.get(), in.segments,
            offsets.get(), status.get());
    }
};

struct CompactRun {
    driver::Buffer<unsigned char> sorted, bin_offsets;
    driver::Buffer<unsigned long long> tally;
    int narrow;
    CompactRun(const Input& in, size_t kept, int narrow)
        : sorted(kept * (narrow ? 2 : 4)), bin_offsets(static_cast<size_t>(in.segments) * (in.bins + 1) * (narrow ? 2 : 4)),
          tally(4), narrow(narrow) {
        tally.put({0, 0, 0, 0});
    }
    void launch(const Input& in, const LargePlan& large, const Classes& classes, const KeptOffsets* kept, int warps) const {
        if (large.any()) large.count(in, tally.get());
        if (kept != nullptr) kept->launch(in, large, 0);
        const int* out = kept == nullptr ? in.offsets.get() : kept->offsets.get();
        void *to = sorted.get(), *bins = bin_offsets.get();
        int row = row_length(in.bins);
        if (!classes.warp.empty()) {
            int n = static_cast<int>(classes.warp.size());
            in.run("align_compact", in.bins <= 257 ? "align_compact_warp_b8" : "align_compact_warp_b10", (n + 3) / 4, 1, 128, 4 * (row + 1024) * 2,
                Classes::list(classes.warp, classes.warp_d, in.segments), n, out, to, bins, narrow, tally.get());
        }
        if (!classes.block.empty()) {
            int n = static_cast<int>(classes.block.size());
            bool wide = in.bins > 257;
            int w = wide ? 8 : warps;
            in.run("align_compact", "align_compact_w" + std::to_string(w) + (wide ? "_b10" : "_b8"), n, 1, w * 32,
                sort_shared(w, w == 16 ? 16 : 8, in.bins), Classes::list(classes.block, classes.block_d, in.segments), n, out, to, bins,
                narrow, tally.get());
        }
        if (large.any()) {
            Shape shape = large.write(large.chunks, in.bins);
            in.run("large_write", shape.kernel, shape.blocks, 1, shape.threads, shape.shared, large.works(), large.lone, large.chunk_ids,
                large.counts.get(), large.totals.get(), 1, static_cast<int*>(nullptr), to, static_cast<int*>(nullptr),
                static_cast<int*>(nullptr), static_cast<long long*>(nullptr), static_cast<long long*>(nullptr), out, bins);
        }
    }
};

struct EpRun {
    driver::Buffer<int> src2dst, topk_ids, order, masked_m;
    driver::Buffer<long long> indptr;
    driver::Buffer<unsigned long long> tally, violation;
    int form, topk, m_max, segments;
    bool ordered;
    EpRun(const Input& in, size_t kept, int form, int topk, int m_max, int segments, bool ordered)
        : src2dst(in.ids_total), topk_ids(kept), order(ordered ? kept : 0),
          masked_m(form == PADDED ? static_cast<size_t>(in.segments) * segments : 0),
          indptr(static_cast<size_t>(in.segments) * (segments + 1)), tally(4), violation(1), form(form), topk(topk),
          m_max(m_max), segments(segments), ordered(ordered) {
        tally.put({0, 0, 0, 0});
        violation.put({~0ull});
    }
    void launch(const Input& in, const LargePlan& large, const Classes& classes, const KeptOffsets* kept, int warps) const {
        if (large.any()) large.count(in, tally.get());
        if (kept != nullptr) kept->launch(in, large, form == DEEPEP ? 1 : 0);
        const int* out = kept == nullptr ? in.offsets.get() : kept->offsets.get();
        int* order_to = ordered ? order.get() : nullptr;
        if (!classes.block.empty()) {
            int n = static_cast<int>(classes.block.size());
            bool wide = in.bins > 257;
            int w = wide ? 8 : warps;
            in.run("ep_preprocess", "ep_preprocess_w" + std::to_string(w) + (wide ? "_b10" : "_b8"), n, 1, w * 32,
                sort_shared(w, 8, in.bins), Classes::list(classes.block, classes.block_d, in.segments), form, topk, m_max,
                segments, in.values(), out, src2dst.get(), topk_ids.get(), order_to, indptr.get(), masked_m.get(),
                violation.get(), tally.get());
        }
        if (large.any()) {
            Shape shape = large.ep(large.chunks, in.bins, ordered);
            in.run("ep_large", shape.kernel, shape.blocks, 1, shape.threads, shape.shared, large.works(), large.lone, large.chunk_ids,
                large.counts.get(), large.totals.get(), form, topk, m_max, segments, in.values(), out,
                src2dst.get(), topk_ids.get(), order_to, indptr.get(), masked_m.get(), violation.get(), tally.get());
        }
    }
};

struct RowsRun {
    driver::Buffer<unsigned char> ranks, distinct;
    driver::Buffer<unsigned long long> tally;
    RowsRun(int rows, int length) : ranks(static_cast<size_t>(rows) * length), distinct(rows), tally(4) { tally.put({0, 0, 0, 0}); }
    void launch(const Input& in, int rows, int length) const {
        in.run("row_ranks", "row_ranks", (rows + 255) / 256, 1, 256, 0, rows, length, ranks.get(), distinct.get(), tally.get());
    }
};
