// Launches the kernels of the analyses as their Java launchers do (CoactivationShapes and TransitionShapes are the rule).
#pragma once
#include "analyses_rules.hpp"
#include "counting_launch.hpp"

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
    int64_t shared = region_shared(rows, copies, experts, any);
    CUfunction f = any ? d.kernel("coactivation_any", "coactivation_any") : d.function("coactivation", line.topk == 6 ? "k6" : "k8");
    d.launch(f, region_blocks(line.tokens, regions, d.multiprocessors), 1024, shared, ids, type, line.starts, line.runs, line.num_runs, experts, usual, kind,
            tables[rows], regions, copies, sums, tally);
}

struct GroupAt {
    CUdeviceptr ids;
    int type;
    CUdeviceptr offsets, line, first_segment;
    int blocks, layers, topk, experts;
};

inline void transitions_pack(Device& d, const GroupAt& g, int first, int tokens, CUdeviceptr bits, CUdeviceptr flags,
        CUdeviceptr list, CUdeviceptr tally) {
    int words = words_of(tokens);
    CHECK(cuMemsetD8Async(flags, 0, 4 * ((g.layers + 1) * words + 1), d.stream));
    d.launch(d.kernel("transitions_sm90", "transitions_pack"), Grid(words / 32, g.layers), 1024, 132ll * g.experts,
            g.ids, g.type, g.offsets, g.line, g.first_segment, g.blocks, g.layers, g.topk, g.experts, first, tokens,
            words, bits, flags, list, flags + 4 * (g.layers + 1) * words, tally);
}

inline void transitions_product(
        Device& d, const GroupAt& g, int tokens, CUdeviceptr bits, CUdeviceptr tiles, int num_tiles, CUdeviceptr cells) {
    int words = words_of(tokens);
    Grid grid(num_tiles, product_parts(num_tiles, words, d.multiprocessors));
    d.launch(d.kernel("transitions_sm90", "transitions_product"), grid, 512, 196608, bits, words,
            g.layers, g.experts, tiles, cells);
}

// list: 0 for the tokens [first, first + tokens).
inline void transitions_tokens(Device& d, const GroupAt& g, int first, int tokens, CUdeviceptr list, CUdeviceptr flags,
        CUdeviceptr pairs, int num_pairs, CUdeviceptr cells, int mode, int counts_odd, CUdeviceptr tally) {
    int64_t items = static_cast<int64_t>(tokens) * (num_pairs + (counts_odd != 0 ? g.layers : 0));
    int64_t blocks = std::max<int64_t>(1, std::min<int64_t>(up(items, 256), 16ll * d.multiprocessors));
    d.launch(d.function("transitions", "tokens"), blocks, 256, 0, g.ids, g.type, g.offsets, g.line, g.first_segment,
            g.blocks, g.layers, g.topk, g.experts, first, tokens, list,
            flags + 4 * (g.layers + 1) * words_of(tokens), flags, words_of(tokens), pairs, num_pairs, cells, mode, counts_odd,
            tally);
}
