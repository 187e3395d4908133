// Launch configurations of the kernels, as the product's launchers choose them (src/main/cuda/README.md).
#pragma once
#include <algorithm>

#include "driver.hpp"
#include "routing.hpp"

inline int row_length(int bins) { return (bins + 3 + 7) & ~7; }
inline int sort_shared(int warps, int items, int bins) {
    int row = row_length(bins);
    return warps * row * 2 + 4 * (36 + 3 * row + warps * 32 * items);
}

struct Shape {
    std::string kernel;
    int blocks, threads, shared;
};

// One segment in one launch: all blocks sort it (up to 1,024 ids), or a cluster does (up to 32,768).
inline bool alone_fits(int length) { return length <= 32768; }
inline bool alone_brief(int length, int block) { return length <= 1024 && block >= 16 && block % 4 == 0; }
inline Shape alone_shape(int length, int bins, int block) {
    bool brief = alone_brief(length, block), wide = bins > 257, few = brief || (length <= 8192 && !wide);
    int warps = few ? 8 : wide ? 32 : 16, items = few || wide ? 4 : 8;
    std::string name = brief ? "align_short" : few ? "align_cluster_8k" : "align_cluster_32k";
    return {name + (wide ? "_b10" : "_b8"), 8, warps * 32,
        sort_shared(warps, items, bins) + (brief ? 0 : 4 * row_length(bins))};
}

// What all kernels read: ids, offsets, table, key_value on the device.
struct Input {
    driver::Buffer<unsigned char> ids;
    driver::Buffer<int> offsets, key_value;
    driver::Buffer<uint16_t> table;
    int type, experts, bins, first, segments, ids_total;
    bool has_table, has_value;
    std::vector<int> lengths;

    explicit Input(const Call& c)
        : ids(c.packed()), offsets(c.offsets), key_value(c.key_value), table(c.keys()), type(c.type), experts(c.experts),
          bins(c.bins), first(c.first), segments(c.segments()), ids_total(static_cast<int>(c.ids.size())),
          has_table(!c.table.empty()), has_value(!c.key_value.empty()) {
        for (int s = 0; s < segments; s++) lengths.push_back(c.length(s));
    }
    template <class... Args>
    void run(const char* stem, const std::string& name, int gridX, int gridY, int threads, int shared, Args... args) const {
        driver::run(driver::kernel(stem, name), gridX, gridY, threads, shared, ids.get(), type, experts, bins, first,
            has_table ? table.get() : nullptr, offsets.get(), args...);
    }
    int longest() const { return lengths.empty() ? 0 : *std::max_element(lengths.begin(), lengths.end()); }
    int* values() const { return has_value ? key_value.get() : nullptr; }
};

// How large segments are cut: as many chunks as fit the device at once, 2 a multiprocessor.
struct Cut {
    int warps, items, chunk_ids;

    static int ceil(int a, int b) { return (a + b - 1) / b; }
    Cut() = default;
    Cut(long long ids, int multiprocessors) {
        int slots = 2 * multiprocessors;
        bool small = ids <= static_cast<long long>(slots) * 4096;
        warps = small ? 8 : 16;
        items = small ? 8 : 32;
        chunk_ids = static_cast<int>(std::max((ids + slots - 1) / slots, small ? 512ll : 4096ll) + 127) / 128 * 128;
    }
    Shape write(int chunks, int bins) const {
        std::string name = warps == 16 && bins > 257 && bins <= 513 ? "_w16_b9" : variant(bins);
        int sorted = warps == 16 && bins <= 129 ? 16 : items;  // the variant for the fewest bins has smaller tiles
        return {"large_write" + name, chunks, warps * 32, sort_shared(warps, sorted, bins)};
    }
    Shape ep(int chunks, int bins, bool ordered = true) const {
        return {"ep_large" + variant(bins), chunks, warps * 32, sort_shared(warps, ordered ? items : 0, bins)};
    }
    std::string variant(int bins) const {
        int bits = bins <= 129 ? 7 : bins <= 257 ? 8 : 10;
        if (warps == 8) bits = bins <= 257 ? 8 : 10;
        return "_w" + std::to_string(warps) + "_b" + std::to_string(bits);
    }
};

// The work of all large segments of a batch.
struct LargePlan : Cut {
    int chunks = 0, lone = 0, lone_chunks = 0;
    std::vector<int> work, segments, first_chunk;
    driver::Buffer<int> work_d, segments_d, first_d;
    driver::Buffer<uint32_t> counts, totals;

    bool any() const { return chunks > 0; }

    LargePlan(const Input& in, int from) {
        long long ids = 0;
        for (int n : in.lengths)
            if (n >= from) ids += n;
        if (ids == 0) return;
        static_cast<Cut&>(*this) = Cut(ids, driver::multiprocessors);
        for (int s = 0; s < in.segments; s++) {
            if (in.lengths[s] < from) continue;
            int n = ceil(in.lengths[s], chunk_ids);
            segments.push_back(s);
            first_chunk.push_back(chunks);
            for (int c = 0; c < n; c++) work.insert(work.end(), {s, c, n, static_cast<int>(segments.size()) - 1});
            chunks += n;
        }
        first_chunk.push_back(chunks);
        if (in.segments == 1) lone = in.lengths[0], lone_chunks = chunks;
        work_d = driver::Buffer<int>(work);
        segments_d = driver::Buffer<int>(segments);
        first_d = driver::Buffer<int>(first_chunk);
        counts = driver::Buffer<uint32_t>(static_cast<size_t>(chunks) * row_length(in.bins));
        totals = driver::Buffer<uint32_t>(segments.size() * (in.bins + 3));
    }
    int* works() const { return lone ? nullptr : work_d.get(); }

    void count(const Input& in, unsigned long long* tally) const {
        count_ids(in);
        scan(in, tally);
    }
    void count_ids(const Input& in) const {
        int copies = in.experts <= 256 ? 4 : 2, row = row_length(in.bins);
        in.run("large_segments", "large_count", chunks, 1, 512, 4 * (copies * (in.experts + 2) + row), works(), lone,
            chunk_ids, copies, counts.get());
    }
    void scan(const Input& in, unsigned long long* tally) const {
        int row = row_length(in.bins);
        driver::run(driver::kernel("large_segments", "large_scan"), row / 8, static_cast<int>(segments.size()), 256, 0, in.bins, lone ? nullptr : first_d.get(), lone_chunks, counts.get(), totals.get(), tally);
    }
};

struct AlignRun {
    driver::Buffer<int> sorted, experts, post_pad;
    driver::Buffer<long long> sorted_offsets, expert_offsets;
    driver::Buffer<unsigned long long> status, tally;

    AlignRun(const Input& in, size_t entries, size_t blocks)
        : sorted(entries), experts(blocks), post_pad(in.segments), sorted_offsets(in.segments + 1),
          expert_offsets(in.segments + 1), status(in.segments + 1), tally(4) {
        tally.put({0, 0, 0, 0});
    }
    bool launch_alone(const Input& in, int block) const {
        int n = in.ids_total;
        if (in.segments != 1 || !alone_fits(n)) return false;
        Shape shape = alone_shape(n, in.bins, block);
        in.run(alone_brief(n, block) ? "align_segments" : "align_cluster_sm90", shape.kernel, shape.blocks, 1, shape.threads,
            shape.shared, n, block, in.values(), sorted.get(), experts.get(), post_pad.get(), sorted_offsets.get(),
            expert_offsets.get(), tally.get());
        return true;
    }
    // warps: 8 (1,024 ids in one pass) or 32 (8,192).
    void launch(const Input& in, const LargePlan& large, int block, int warps) const {
        if (large.any()) large.count(in, tally.get());
        if (!large.lone) {
            if (in.segments > 1) status.clearAsync(in.segments + 1);
            int items = warps == 32 ? 8 : in.longest() <= 512 && in.bins <= 257 ? 2 : 4;
            std::string name = "align_segments_w" + std::to_string(warps) + "_i" + std::to_string(items) + (in.bins <= 257 ? "_b8" : "_b10");
            in.run("align_segments", name, in.segments, 1, warps * 32, sort_shared(warps, items, in.bins),
                in.segments, block, in.values(), large.segments_d.get(), static_cast<int>(large.segments.size()),
                large.totals.get(), sorted.get(), experts.get(), post_pad.get(), sorted_offsets.get(),
                expert_offsets.get(), status.get(), tally.get());
        }
        if (large.any()) {
            Shape shape = large.write(large.chunks, in.bins);
            in.run("large_write", shape.kernel, shape.blocks, 1, shape.threads, shape.shared, large.works(), large.lone, large.chunk_ids,
                large.counts.get(), large.totals.get(), block, in.values(), sorted.get(), experts.get(), post_pad.get(),
                sorted_offsets.get(), expert_offsets.get(), static_cast<int*>(nullptr), static_cast<int*>(nullptr));
        }
    }
};
