// Compares the drivers' launch configurations with the table that the launchers' test wrote.
#pragma once
#include <sstream>

#include "analyses_rules.hpp"
#include "launch_table.hpp"
#include "launchers.hpp"

inline std::string text_of(const Shape& s) {
    std::ostringstream out;
    out << s.kernel << ' ' << s.blocks << ' ' << s.threads << ' ' << s.shared;
    return out.str();
}

inline std::string regions_of(int experts, bool any, int most_shared, int multiprocessors) {
    std::vector<int> rows = region_rows(experts, any, most_shared);
    int regions = static_cast<int>(rows.size()) - 1, copies = region_copies(rows, experts, any, most_shared);
    std::ostringstream out;
    out << regions << ' ' << largest_region(rows, experts) << ' ' << copies << ' '
        << region_shared(rows, copies, experts, any) << ' ' << region_blocks(100000, regions, multiprocessors);
    return out.str();
}

inline std::string product_of(int layers, int experts, int multiprocessors) {
    std::vector<Pair> pairs;
    for (int x = 0; x < layers; x++)
        for (int y = x + 1; y < layers; y++) pairs.push_back(Pair{x, y});
    size_t tiles = product_tiles(pairs, layers, experts).size();
    std::ostringstream out;
    out << tiles << ' ' << words_of(100000) << ' ' << product_parts(tiles, words_of(100000), multiprocessors);
    return out.str();
}

// What this driver says of a line's first words, which are a question.
inline std::string answer(const std::string& kind, std::istringstream& in) {
    const int multiprocessors = 132, most_shared = 227 << 10;
    long long a = 0, b = 0, c = 0;
    in >> a >> b;
    int length = static_cast<int>(a), bins = static_cast<int>(b);
    Cut cut(a, multiprocessors);
    int chunks = Cut::ceil(length, cut.chunk_ids);
    if (kind == "align") return in >> c, alone_fits(length) ? text_of(alone_shape(length, bins, static_cast<int>(c))) : "none";
    if (kind == "large") return std::to_string(cut.chunk_ids) + ' ' + std::to_string(chunks);
    if (kind == "write") return text_of(cut.write(chunks, bins));
    if (kind == "ep") return text_of(cut.ep(chunks, bins));
    if (kind == "shares") return in >> c, std::to_string(shares(a, b, c));
    if (kind == "cached") return std::to_string(cached_slots(length, bins, most_shared));
    if (kind == "regions") return regions_of(length, bins == 1, most_shared, multiprocessors);
    if (kind == "product") return product_of(length, bins, multiprocessors);
    return "?";
}

inline bool launches_as_the_table_says() {
    std::istringstream lines(LAUNCH_TABLE);
    std::string line;
    int count = 0, wrong = 0;
    while (std::getline(lines, line)) {
        if (line.empty()) continue;
        std::istringstream words(line);
        std::string kind, rest, said;
        words >> kind;
        if (kind == "span") {
            int segments;
            words >> segments;
            said = std::to_string(span(segments, 132));
        } else {
            said = answer(kind, words);
        }
        std::getline(words >> std::ws, rest);
        count++;
        if (rest == said) continue;
        wrong++;
        std::printf("launch table: %s; here %s\n", line.c_str(), said.c_str());
    }
    std::printf("%d launch configurations, %d others than the launchers'\n", count, wrong);
    return count > 0 && wrong == 0;
}
