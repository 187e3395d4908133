// Checks the kernels of the analyses against plain loops: analyses_check PTX_FOLDER check|quick [EVERY].
// Sums are compared whole. `quick` is a selection for compute-sanitizer, of one case in EVERY (default 11; racecheck, which
// follows every access to shared memory, takes minutes with less than 40).
#include "analyses_launch.hpp"
#include "counting_data.hpp"

namespace {

using Ulongs = std::vector<unsigned long long>;

int failures = 0;
int comparisons = 0;

void expect(const std::string& what, const Ulongs& got, const Ulongs& want) {
    comparisons++;
    if (got == want) return;
    size_t i = 0;
    while (i < got.size() && got[i] == want[i]) i++;
    std::printf("WRONG %s: cell %zu of %zu is %lld, expected %lld\n", what.c_str(), i, want.size(), (long long)got[i],
            (long long)want[i]);
    failures++;
}

bool takes(int id, int experts) {
    return id >= 0 && id < experts;
}

// Adds a token's pairs of slots to the triangle at `sums`, and what it lacks behind it.
void add_token(unsigned long long* sums, const int* token, int topk, int experts, int usual, int kind) {
    std::vector<int> ids;
    for (int i = 0; i < topk; i++) {
        bool seen = kind == TOKENS && std::find(ids.begin(), ids.end(), token[i]) != ids.end();
        if (kind == ADJACENT || (takes(token[i], experts) && !seen)) ids.push_back(token[i]);
    }
    int n = static_cast<int>(ids.size());
    for (int i = 0; i < n; i++) {
        for (int j = i + 1; j < (kind == ADJACENT ? std::min(n, i + 2) : n); j++) {
            int a = std::min(ids[i], ids[j]), b = std::max(ids[i], ids[j]);
            if (takes(a, experts) && takes(b, experts)) sums[cells_before(a, experts) + b - a]++;
        }
        if (kind != ADJACENT) sums[cells_before(experts, experts) + ids[i]] += usual - n;
    }
}

struct Tokens {
    Batch batch;
    std::vector<int> slot_of;  // of each segment
    int experts, slots;
};

// Segments of whole tokens; topk 0: a segment is a token.
Tokens tokens_of(int experts, int topk, int type, bool odd, int slots, int segments, uint64_t seed) {
    std::vector<int> lengths;
    for (int s = 0; s < segments; s++) {
        uint64_t r = mix(seed * 77 + s);
        lengths.push_back(topk == 0 ? static_cast<int>(r % (s % 50 == 0 ? 256 : 12)) : topk * static_cast<int>(r % 30));
    }
    Tokens t{make_batch(lengths, experts, type, static_cast<Skew>(seed % 2), odd, seed), {}, experts, slots};
    t.batch.pad = 0;
    for (int s = 0; s < segments; s++) t.slot_of.push_back(static_cast<int>(mix(s) % slots));
    return t;
}

struct Line {
    std::vector<int> starts, runs;
    int tokens = 0;
};

Line line_of(const Tokens& t, int topk) {
    std::vector<int> order(t.batch.segments());
    for (size_t s = 0; s < order.size(); s++) order[s] = static_cast<int>(s);
    const std::vector<int>& offsets = t.batch.offsets;
    auto key = [&](int s) { return std::make_pair(t.slot_of[s], topk == 0 ? offsets[s + 1] - offsets[s] : topk); };
    std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return key(a) < key(b); });
    Line line;
    for (int s : order) {
        int n = offsets[s + 1] - offsets[s], k = key(s).second, at = static_cast<int>(line.runs.size());
        if (n == 0) continue;
        if (at == 0 || line.runs[at - 2] != t.slot_of[s] || line.runs[at - 1] != k) {
            line.runs.insert(line.runs.end(), {line.tokens, 0, t.slot_of[s], k});
            at += 4;
        }
        for (int i = 0; i < n; i += k) line.starts.push_back(offsets[s] - offsets[0] + i);
        line.tokens += n / k;
        line.runs[at - 3] = line.tokens;
    }
    return line;
}

void check_coactivation(Device& d, const Tokens& t, int topk, int usual, int kind, int most_shared) {
    int e = t.experts;
    size_t stride = cells_before(e, e) + e;
    Ulongs want(stride * t.slots), odd{0, 0};
    Line line = line_of(t, topk);
    for (size_t r = 0; r < line.runs.size(); r += 4) {
        int k = line.runs[r + 3];
        for (int i = line.runs[r]; i < line.runs[r + 1]; i++)
            add_token(want.data() + line.runs[r + 2] * stride, t.batch.raw.data() + line.starts[i], k, e, usual, kind);
    }
    for (int v : t.batch.raw)
        if (!takes(v, e)) odd[v == -1 ? 0 : 1]++;
    Buffer<unsigned char> ids(t.batch.bytes());
    Buffer<int> starts(line.starts), runs(line.runs);
    Buffer<unsigned long long> sums(stride * t.slots), tally(2);
    sums.zero();
    tally.zero();
    bool in_order = t.slots == 1 && topk > 0;
    for (int round = 1; round <= 2; round++) {
        LineAt at{in_order ? 0 : starts.at, runs.at, static_cast<int>(line.runs.size() / 4), line.tokens, topk};
        coactivation(d, ids.at, t.batch.type, at, e, usual, kind, sums.at, tally.at, most_shared);
        CHECK(cuStreamSynchronize(d.stream));
        Ulongs twice = want;
        for (auto& v : twice) v *= round;
        std::string name = "co-activation E " + std::to_string(e) + " topk " + std::to_string(topk) + " type " +
                           std::to_string(t.batch.type) + " kind " + std::to_string(kind) + " slots " +
                           std::to_string(t.slots) + " shared " + std::to_string(most_shared);
        expect(name, sums.host(), twice);
        expect(name + " tally", tally.host(), {round * odd[0], round * odd[1]});
    }
}

struct Blocks {
    Batch batch;
    std::vector<int> line{0}, first_segment;
};

Blocks blocks_of(int experts, int topk, int layers, int type, bool odd, int blocks, int longest, uint64_t seed) {
    Blocks b;
    std::vector<int> lengths;
    for (int i = 0; i < blocks; i++) {
        int tokens = static_cast<int>(mix(seed * 31 + i) % longest);
        b.first_segment.push_back(static_cast<int>(lengths.size()));
        b.line.push_back(b.line.back() + tokens);
        lengths.insert(lengths.end(), layers, tokens * topk);
        if (i % 3 == 1) lengths.push_back(5);  // of another group
    }
    b.batch = make_batch(lengths, experts, type, static_cast<Skew>(seed % 3), odd, seed);
    b.batch.pad = 0;
    return b;
}

void check_transitions(Device& d, int experts, int topk, int layers, int type, bool odd, int blocks, int longest,
        uint64_t seed, int lag, int chunk) {
    Blocks b = blocks_of(experts, topk, layers, type, odd, blocks, longest, seed);
    std::vector<Pair> pairs;
    for (int x = 0; x < layers; x++)
        for (int y = x + 1; y < layers; y++)
            if (lag == 0 || y == x + lag) pairs.push_back(Pair{x, y});
    size_t cells = static_cast<size_t>(experts) * experts;
    Ulongs all(pairs.size() * cells), same(all.size()), left{0, 0};
    auto id = [&](int block, int layer, int i) {
        return b.batch.raw[b.batch.offsets[b.first_segment[block] + layer] - b.batch.offsets[0] + i];
    };
    for (int block = 0; block < blocks; block++) {
        int n = (b.line[block + 1] - b.line[block]) * topk;
        for (int layer = 0; layer < layers; layer++)
            for (int i = 0; i < n; i++)
                if (!takes(id(block, layer, i), experts)) left[id(block, layer, i) == -1 ? 0 : 1]++;
        for (size_t p = 0; p < pairs.size(); p++)
            for (int i = 0; i < n; i++)
                for (int j = i / topk * topk; j < (i / topk + 1) * topk; j++) {
                    int from = id(block, pairs[p].x, i), to = id(block, pairs[p].y, j);
                    if (!takes(from, experts) || !takes(to, experts)) continue;
                    all[p * cells + static_cast<size_t>(from) * experts + to]++;
                    if (i == j) same[p * cells + static_cast<size_t>(from) * experts + to]++;
                }
    }
    Buffer<unsigned char> ids(b.batch.bytes());
    Buffer<int> offsets(b.batch.offsets), line(b.line), first(b.first_segment);
    Buffer<Pair> pairs_at(pairs);
    Buffer<unsigned long long> sums(all.size()), tally(2);
    Ulongs table(layers * layers);
    for (size_t p = 0; p < pairs.size(); p++) table[pairs[p].x * layers + pairs[p].y] = sums.at + p * cells * 8;
    Buffer<unsigned long long> table_at(table);
    GroupAt g{ids.at, type, offsets.at, line.at, first.at, blocks, layers, topk, experts};
    std::string name = "transitions E " + std::to_string(experts) + " topk " + std::to_string(topk) + " layers " +
                       std::to_string(layers) + " type " + std::to_string(type) + " lag " + std::to_string(lag);
    int num_pairs = static_cast<int>(pairs.size()), tokens = b.line.back();
    for (int mode = 0; mode < 2; mode++) {
        sums.zero();
        tally.zero();
        transitions_tokens(d, g, 0, tokens, 0, 0, pairs_at.at, num_pairs, table_at.at, mode, 1, tally.at);
        CHECK(cuStreamSynchronize(d.stream));
        expect(name + " mode " + std::to_string(mode), sums.host(), mode == 0 ? all : same);
        expect(name + " tally", tally.host(), left);
    }
    if (tokens == 0 || num_pairs == 0) return;
    sums.zero();
    tally.zero();
    std::vector<Pair> tiles = product_tiles(pairs, layers, experts);
    Buffer<Pair> tiles_at(tiles);
    Buffer<uint32_t> bits(static_cast<size_t>(layers) * experts * words_of(chunk)), 
            flags((layers + 1) * words_of(chunk) + 1);
    Buffer<int> list(chunk);
    for (int from = 0; from < tokens; from += chunk) {
        int n = std::min(chunk, tokens - from);
        transitions_pack(d, g, from, n, bits.at, flags.at, list.at, tally.at);
        transitions_product(d, g, n, bits.at, tiles_at.at, static_cast<int>(tiles.size()), table_at.at);
        transitions_tokens(d, g, from, n, list.at, flags.at, pairs_at.at, num_pairs, table_at.at, 2, 0, tally.at);
    }
    CHECK(cuStreamSynchronize(d.stream));
    expect(name + " product", sums.host(), all);
    expect(name + " product tally", tally.host(), left);
}

void check_all_coactivation(Device& d, bool quick, int every) {
    const int shapes[][2] = {{1, 1}, {3, 2}, {64, 6}, {64, 8}, {129, 4}, {256, 8}, {200, 10}, {300, 22}, {256, 6}, {339, 8},
            {340, 8}, {512, 10}, {1024, 8}, {1024, 256}, {256, 0}, {64, 0}};
    int number = 0;
    for (const auto& shape : shapes) {
        for (int type = 0; type < 7; type++) {
            for (int kind = 0; kind < 3; kind++) {
                number++;
                if (quick && number % every != 0) continue;
                int slots = number % 3 == 0 ? 1 : number % 3 == 1 ? 3 : 40, usual = number % 5 == 0 ? 5 : std::max(2, shape[1]);
                if (shape[0] == 1024) slots = std::min(slots, 3);
                int segments = shape[1] > 100 ? 20 : quick ? 60 : 400;
                Tokens t = tokens_of(shape[0], shape[1], type, number % 2 == 0, slots, segments, number);
                int most_shared = number % 4 == 3 ? 64 << 10 : d.most_shared;
                check_coactivation(d, t, shape[1], usual, kind, most_shared);
            }
        }
    }
}

void check_all_transitions(Device& d, bool quick, int every) {
    const int shapes[][3] = {{1, 1, 2}, {64, 6, 5}, {60, 4, 9}, {256, 8, 4}, {128, 8, 7}, {300, 22, 3}, {1024, 8, 2}, {256, 8, 1}};
    int number = 0;
    for (const auto& s : shapes) {
        for (int type = 0; type < 7; type++) {
            number++;
            if (quick && number % (every / 2) != 0) continue;
            check_transitions(d, s[0], s[1], s[2], type, number % 2 == 0, number % 3 == 0 ? 1 : 23, quick ? 90 : 400,
                    number, number % 3, number % 2 == 0 ? 1024 : 5000);
        }
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 3) {
        std::fprintf(stderr, "usage: analyses_check PTX_FOLDER check|quick [EVERY]\n");
        return 2;
    }
    Device d(argv[1]);
    bool quick = std::string(argv[2]) == "quick";
    poison = !quick;
    int every = argc > 3 ? std::max(2, std::atoi(argv[3])) : 11;
    check_all_coactivation(d, quick, every);
    check_all_transitions(d, quick, every);
    std::printf("%d comparisons, %d wrong\n", comparisons, failures);
    return failures == 0 ? 0 : 1;
}
