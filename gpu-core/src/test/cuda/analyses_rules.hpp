// The rules of the analyses' launchers (CoactivationShapes, TransitionShapes).
#pragma once
#include <vector>

#include "counting_rules.hpp"

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

inline int64_t region_shared(const std::vector<int>& rows, int copies, int experts, bool any) {
    return (any ? 16384 : 0) + 4 * (copies * largest_region(rows, experts) + experts);
}

inline int64_t region_blocks(int64_t tokens, int64_t regions, int64_t multiprocessors) {
    return regions * std::max<int64_t>(1, std::min(up(tokens, 2048), multiprocessors / regions));
}

struct Pair {
    int x, y;
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

inline int64_t product_parts(int64_t tiles, int words, int64_t multiprocessors) {
    return std::min<int64_t>(up(4 * multiprocessors, tiles), std::max(1, words / 32 / 2));
}
