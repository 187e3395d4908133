// Launches the kernels of the analyses as their Java launchers do (CoactivationShapes and TransitionShapes are the rule).
#pragma once
#include "counting_launch.hpp"

// The triangle's cells in the rows before one.
inline int64_t cells_before(int64_t row, int64_t experts) {
    return row * (2 * experts - row + 1) / 2;
}

inline std::vector<int> region_rows(int experts, bool any, int most_shared) {
    int64_t room = (most_shared - (any ? 16384 : 0)) / 4 - experts, all = cells_before(experts, experts);
    for (int64_t regions = up(all, room);; regions++) {
        std::vector<int> rows{0};
        for (int64_t r = 1; r < regions; r++) {
            int row = std::max(rows.back(), 1);
            while (cells_before(row, experts) < all * r / regions) row++;
            rows.push_back(row);
        }
        rows.push_back(experts);
        bool fits = true;
        for (size_t r = 1; r < rows.size(); r++)
            fits &= cells_before(rows[r], experts) - cells_before(rows[r - 1], experts) <= room;
        if (fits) return rows;
    }
}

inline int64_t largest_region(const std::vector<int>& rows, int experts) {
    int64_t most = 0;
    for (size_t r = 1; r < rows.size(); r++)
        most = std::max(most, cells_before(rows[r], experts) - cells_before(rows[r - 1], experts));
    return most;
}

inline int region_copies(const std::vector<int>& rows, int experts, bool any, int most_shared) {
    int64_t room = (most_shared - (any ? 16384 : 0)) / 4 - experts;
    int copies = 8;
    while (copies > 1 && copies * largest_region(rows, experts) > room) copies /= 2;
    return copies;
}

struct Pair {
    int x, y;
};

struct LineAt {
    CUdeviceptr starts, runs;  // starts: 0 for tokens in order
    int num_runs, tokens;
    int topk;  // 0: differs
};

enum Kind { TOKENS, PAIRS, ADJACENT };

inline void coactivation(Device& d, CUdeviceptr ids, int type, const LineAt& line, int experts, int usual, int kind,
        CUdeviceptr sums, CUdeviceptr tally, int most_shared) {
    bool any = kind == ADJACENT || (line.topk != 6 && line.topk != 8);
    std::vector<int> rows = region_rows(experts, any, most_shared);
    int regions = static_cast<int>(rows.size()) - 1, copies = region_copies(rows, experts, any, most_shared);
    static std::map<std::vector<int>, CUdeviceptr> tables;
    if (tables.count(rows) == 0) {
        CHECK(cuMemAlloc(&tables[rows], rows.size() * sizeof(int)));
        CHECK(cuMemcpyHtoD(tables[rows], rows.data(), rows.size() * sizeof(int)));
    }
    int64_t shared = (any ? 16384 : 0) + 4 * (copies * largest_region(rows, experts) + experts);
    int64_t shares = std::max<int64_t>(1, std::min<int64_t>(up(line.tokens, 2048), d.multiprocessors / regions));
    CUfunction f = any ? d.kernel("coactivation_any", "coactivation_any") : d.function("coactivation", line.topk == 6 ? "k6" : "k8");
    d.launch(f, regions * shares, 1024, shared, ids, type, line.starts, line.runs, line.num_runs, experts, usual, kind,
            tables[rows], regions, copies, sums, tally);
}

struct GroupAt {
    CUdeviceptr ids;
    int type;
    CUdeviceptr offsets, line, first_segment;
    int blocks, layers, topk, experts;
};

inline int words_of(int tokens) {
    return static_cast<int>(up(tokens, 1024)) * 32;
}

inline std::vector<Pair> product_tiles(const std::vector<Pair>& pairs, int layers, int experts) {
    std::vector<Pair> tiles;
    int rows = layers * experts, row_tiles = static_cast<int>(up(rows, 256)), column_tiles = static_cast<int>(up(rows, 128));
    auto wanted = [&](int r, int c) {
        for (Pair p : pairs) {
            bool in_rows = p.x * experts < (r + 1) * 256 && (p.x + 1) * experts > r * 256;
            if (in_rows && p.y * experts < (c + 1) * 128 && (p.y + 1) * experts > c * 128) return true;
        }
        return false;
    };
    for (int group = 0; group < row_tiles; group += 8)
        for (int c = 0; c < column_tiles; c++)
            for (int r = group; r < std::min(row_tiles, group + 8); r++)
                if (wanted(r, c)) tiles.push_back(Pair{r, c});
    return tiles;
}

inline void transitions_pack(Device& d, const GroupAt& g, int first, int tokens, CUdeviceptr bits, CUdeviceptr flags,
        CUdeviceptr list, CUdeviceptr tally) {
    int words = words_of(tokens);
    CHECK(cuMemsetD8Async(flags, 0, 4 * (words + 1), d.stream));
    d.launch(d.kernel("transitions_sm90", "transitions_pack"), Grid(words / 32, g.layers), 1024, 132ll * g.experts,
            g.ids, g.type, g.offsets, g.line, g.first_segment, g.blocks, g.layers, g.topk, g.experts, first, tokens,
            words, bits, flags, list, flags + 4 * words, tally);
}

inline void transitions_product(
        Device& d, const GroupAt& g, int tokens, CUdeviceptr bits, CUdeviceptr tiles, int num_tiles, CUdeviceptr cells) {
    int words = words_of(tokens);
    int64_t parts = std::min<int64_t>(up(4ll * d.multiprocessors, num_tiles), std::max(1, words / 32 / 4));
    d.launch(d.kernel("transitions_sm90", "transitions_product"), Grid(num_tiles, parts), 256, 196608, bits, words,
            g.layers, g.experts, tiles, cells);
}

// list: 0 for the tokens [first, first + tokens).
inline void transitions_tokens(Device& d, const GroupAt& g, int first, int tokens, CUdeviceptr list, CUdeviceptr listed,
        CUdeviceptr pairs, int num_pairs, CUdeviceptr cells, int mode, int counts_odd, CUdeviceptr tally) {
    int64_t items = static_cast<int64_t>(tokens) * (num_pairs + (counts_odd != 0 ? g.layers : 0));
    int64_t blocks = std::max<int64_t>(1, std::min<int64_t>(up(items, 256), 16ll * d.multiprocessors));
    d.launch(d.function("transitions", "tokens"), blocks, 256, 0, g.ids, g.type, g.offsets, g.line, g.first_segment,
            g.blocks, g.layers, g.topk, g.experts, first, tokens, list, listed, pairs, num_pairs, cells, mode, counts_odd,
            tally);
}
