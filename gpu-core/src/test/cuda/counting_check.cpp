// Checks the counting kernels against plain loops over awkward batches: counting_check PTX_FOLDER check|quick|bench [CASES].
// Every output is poisoned first and compared whole. `quick` is a selection for compute-sanitizer, without the poison.
#include "counting_launch.hpp"
#include "counting_bench.hpp"
#include "counting_data.hpp"

#include <cstring>

namespace {

int failures = 0;
int comparisons = 0;

template <typename T>
void expect(const std::string& what, const std::vector<T>& got, const std::vector<T>& want) {
    comparisons++;
    if (got != want) {
        size_t i = 0;
        while (i < got.size() && i < want.size() && got[i] == want[i]) i++;
        std::printf("WRONG %s: cell %zu of %zu is %lld, expected %lld\n", what.c_str(), i, want.size(),
                i < got.size() ? (long long)got[i] : -1, i < want.size() ? (long long)want[i] : -1);
        failures++;
    }
}

using Longs = std::vector<long long>;
using Ulongs = std::vector<unsigned long long>;

struct Reference {
    Longs counts;        // [segments][experts]
    Ulongs tally{0, 0};  // masked, invalid

    Reference(const Batch& b, int experts) : counts(static_cast<size_t>(b.segments()) * experts) {
        for (int s = 0; s < b.segments(); s++) {
            for (int i = b.offsets[s]; i < b.offsets[s + 1]; i++) {
                int v = b.raw[i - b.offsets[0]];
                if (v >= 0 && v < experts) {
                    counts[static_cast<size_t>(s) * experts + v]++;
                } else {
                    tally[v == -1 ? 0 : 1]++;
                }
            }
        }
    }
};

struct Case {
    std::string name;
    Batch batch;
    int experts;
};

void check_counts(Device& d, const Case& c, const Reference& want, const OnDevice& b) {
    Buffer<long long> counts(want.counts.size());
    Buffer<unsigned long long> tally(2);
    tally.zero();
    expert_counts(d, b, c.experts, c.batch.longest() >= LONG_IDS, counts.at, tally.at);
    CHECK(cuStreamSynchronize(d.stream));
    expect(c.name + " expert_counts", counts.host(), want.counts);
    expect(c.name + " expert_counts tally", tally.host(), want.tally);
}

// Adds the batch twice, with other slots the second time.
void check_load(Device& d, const Case& c, const Reference& want, const OnDevice& b, int slots, int cached, bool runs) {
    Buffer<long long> counts(static_cast<size_t>(slots) * c.experts);
    Buffer<unsigned long long> tally(2);
    counts.zero();
    tally.zero();
    Longs sums(counts.n);
    for (int round = 0; round < 2; round++) {
        std::vector<int> slot_of(c.batch.segments());
        for (int s = 0; s < c.batch.segments(); s++) {
            slot_of[s] = runs ? static_cast<int>(static_cast<int64_t>(s) * slots / c.batch.segments())
                              : static_cast<int>(mix(s + round * 77) % slots);
            for (int e = 0; e < c.experts; e++) {
                sums[static_cast<size_t>(slot_of[s]) * c.experts + e] +=
                        want.counts[static_cast<size_t>(s) * c.experts + e];
            }
        }
        Buffer<int> on_device(slot_of);
        expert_load(d, b, on_device.at, slots, c.experts, counts.at, tally.at, cached);
        CHECK(cuStreamSynchronize(d.stream));
    }
    std::string name = c.name + " expert_load slots " + std::to_string(slots) + " cached " + std::to_string(cached);
    expect(name, counts.host(), sums);
    expect(name + " tally", tally.host(), Ulongs{2 * want.tally[0], 2 * want.tally[1]});
}

struct Figures {
    Longs blocks, slots, used;
    std::vector<int> active;
};

Figures figures(const Case& c, const Reference& want, const std::vector<int>& sizes) {
    Figures f;
    for (int s = 0; s < c.batch.segments(); s++) {
        const long long* row = want.counts.data() + static_cast<size_t>(s) * c.experts;
        long long used = 0;
        int active = 0;
        for (int e = 0; e < c.experts; e++) {
            used += row[e];
            active += row[e] > 0;
        }
        for (int size : sizes) {
            long long blocks = 0;
            for (int e = 0; e < c.experts; e++) blocks += (row[e] + (size - 1ll)) / size;
            f.blocks.push_back(blocks);
            f.slots.push_back(blocks * size);
        }
        f.used.push_back(used);
        f.active.push_back(active);
    }
    return f;
}

void check_padding(Device& d, const Case& c, const Reference& want, const OnDevice& b, const std::vector<int>& sizes) {
    Figures f = figures(c, want, sizes);
    size_t n = c.batch.segments();
    Buffer<long long> blocks(n * sizes.size()), slots(n * sizes.size()), used(n);
    Buffer<int> active(n), on_device(sizes);
    Buffer<unsigned long long> scratch((b.total / LONG_IDS + 1) * c.experts), tally(2);
    tally.zero();
    bool any_long = c.batch.longest() >= LONG_IDS;
    padding(d, b, c.experts, on_device.at, static_cast<int>(sizes.size()), any_long,
            {scratch.at, blocks.at, slots.at, used.at, active.at, tally.at});
    CHECK(cuStreamSynchronize(d.stream));
    std::string name = c.name + " padding at " + std::to_string(sizes.size()) + " sizes";
    expect(name + " blocks", blocks.host(), f.blocks);
    expect(name + " slots", slots.host(), f.slots);
    expect(name + " used", used.host(), f.used);
    expect(name + " active", active.host(), f.active);
    expect(name + " tally", tally.host(), want.tally);

    for (int groups : {1, 3, 200}) {
        Buffer<long long> sums(groups * (sizes.size() + 3));
        sums.zero();
        tally.zero();
        Longs expected(sums.n);
        std::vector<int> slot_of(n);
        for (size_t s = 0; s < n; s++) {
            slot_of[s] = groups == 3 ? static_cast<int>(s * groups / n) : static_cast<int>(mix(s) % groups);
            long long* row = expected.data() + slot_of[s] * (sizes.size() + 3);
            for (size_t j = 0; j < sizes.size(); j++) row[j] += f.blocks[s * sizes.size() + j];
            row[sizes.size()]++;
            row[sizes.size() + 1] += f.used[s];
            row[sizes.size() + 2] += f.active[s];
        }
        Buffer<int> slots_there(slot_of);
        padding_sums(d, b, slots_there.at, c.experts, on_device.at, static_cast<int>(sizes.size()), any_long,
                scratch.at, sums.at, tally.at);
        CHECK(cuStreamSynchronize(d.stream));
        expect(name + " totals of " + std::to_string(groups), sums.host(), expected);
        expect(name + " totals tally", tally.host(), want.tally);
    }
}

void check(Device& d, const Case& c, bool quick) {
    Reference want(c.batch, c.experts);
    Buffer<unsigned char> ids(c.batch.bytes());
    Buffer<int> offsets(c.batch.offsets);
    OnDevice b{ids.at + c.batch.pad, c.batch.type, offsets.at, c.batch.segments(),
            static_cast<int64_t>(c.batch.raw.size())};
    check_counts(d, c, want, b);
    check_load(d, c, want, b, 1, -1, false);
    check_load(d, c, want, b, 7, 4, false);
    check_load(d, c, want, b, 58, -1, false);
    if (!quick) {
        check_load(d, c, want, b, 5, 0, false);
        check_load(d, c, want, b, 3, 0, true);
        check_load(d, c, want, b, 300, 16, true);
        check_padding(d, c, want, b, {64});
    }
    check_padding(d, c, want, b, {16, 1, 128, 7});
    std::vector<int> many;
    for (int i = 0; i < 40; i++) many.push_back(i == 20 ? 0x7fffffff : 1 + i * i);
    check_padding(d, c, want, b, many);
}

void check_tiles(Device& d, const std::vector<Longs>& lists, int block_m, bool bad) {
    std::vector<int> offsets{0}, tile_offsets{0}, expert;
    Longs seg, indptr, start, end;
    for (const Longs& list : lists) {
        for (size_t e = 0; e < list.size(); e++) {
            seg.push_back(list[e]);
            indptr.push_back(e == 0 ? 0 : indptr.back() + (list[e] - list[e - 1] + block_m - 1) / block_m);
            for (long long row = e == 0 ? list[0] : list[e - 1]; !bad && row < list[e]; row += block_m) {
                expert.push_back(static_cast<int>(e) - 1);
                start.push_back(row);
                end.push_back(std::min(row + block_m, list[e]));
            }
        }
        offsets.push_back(static_cast<int>(seg.size()));
        tile_offsets.push_back(static_cast<int>(expert.size()));
    }
    int n = static_cast<int>(lists.size());
    std::vector<int> shifted = offsets;
    for (int& o : shifted) o += 5;
    Buffer<long long> seg_at(seg), indptr_at(seg.size()), tiles(n), start_at(start.size()), end_at(end.size());
    Buffer<int> offsets_at(shifted), indptr_offsets(n + 1), tile_offsets_at(n + 1), expert_at(expert.size());
    Buffer<unsigned long long> status(2);
    status.zero();
    d.launch(d.function("grouped_gemm_tiles", "scan"), up(n, 8), 256, 0, seg_at.at, offsets_at.at, n, block_m,
            indptr_at.at, indptr_offsets.at, tiles.at, status.at);
    d.launch(d.function("grouped_gemm_tiles", "offsets"), 1, 1024, 0, tiles.at, n, tile_offsets_at.at, status.at);
    CHECK(cuStreamSynchronize(d.stream));
    std::string name = "tiles of " + std::to_string(n) + " lists, block_m " + std::to_string(block_m);
    Ulongs found = status.host();
    if (bad) {
        comparisons++;
        if (found[0] == 0) std::printf("WRONG %s: bad lists not seen\n", name.c_str()), failures++;
        return;
    }
    expect(name + " status", found, Ulongs{0, expert.size()});
    if (!expert.empty()) {
        int total = static_cast<int>(expert.size());
        d.launch(d.function("grouped_gemm_tiles", "write"), std::min<int64_t>(up(total, 256), 16ll * d.multiprocessors),
                256, 0, seg_at.at, offsets_at.at, n, block_m, indptr_at.at, tile_offsets_at.at, total, expert_at.at,
                start_at.at, end_at.at);
    }
    CHECK(cuStreamSynchronize(d.stream));
    expect(name + " indptr", indptr_at.host(), indptr);
    expect(name + " indptr offsets", indptr_offsets.host(), offsets);
    expect(name + " tile offsets", tile_offsets_at.host(), tile_offsets);
    expect(name + " expert", expert_at.host(), expert);
    expect(name + " start", start_at.host(), start);
    expect(name + " end", end_at.host(), end);
}

void check_batched(Device& d, const Batch& b, int max_tokens, int block_size) {
    std::vector<int> sorted, block_ids, sorted_offsets{0}, block_offsets{0}, post_pad;
    bool bad = false;
    for (int s = 0; s < b.segments(); s++) {
        int nb = b.offsets[s + 1] - b.offsets[s];
        for (int k = 0; k < nb; k++) {
            int count = b.raw[b.offsets[s] - b.offsets[0] + k];
            bad |= count < 0 || count > max_tokens;
            for (int at = 0; !bad && at < count; at += block_size) {
                block_ids.push_back(k);
                for (int i = at; i < at + block_size; i++)
                    sorted.push_back(i < count ? k * max_tokens + i : nb * max_tokens);
            }
        }
        post_pad.push_back(static_cast<int>(sorted.size()) - sorted_offsets.back());
        sorted_offsets.push_back(static_cast<int>(sorted.size()));
        block_offsets.push_back(static_cast<int>(block_ids.size()));
    }
    int n = b.segments();
    Buffer<unsigned char> ids(b.bytes());
    CUdeviceptr at = ids.at + b.pad;
    Buffer<int> offsets(b.offsets), first(b.raw.size()), post(n), so(n + 1), bo(n + 1), sorted_at(sorted.size()),
            block_at(block_ids.size());
    Buffer<long long> blocks(n);
    Buffer<unsigned long long> status(2);
    status.zero();
    d.launch(d.function("batched_align", "scan"), up(n, 8), 256, 0, at, b.type, offsets.at, n, max_tokens, block_size,
            first.at, blocks.at, post.at, status.at);
    d.launch(d.function("batched_align", "offsets"), 1, 1024, 0, blocks.at, n, block_size, bo.at, so.at, status.at);
    CHECK(cuStreamSynchronize(d.stream));
    std::string name = "batched align of " + std::to_string(n) + " lists, block_size " + std::to_string(block_size);
    if (bad) {
        comparisons++;
        if (status.host()[0] == 0) std::printf("WRONG %s: bad numbers not seen\n", name.c_str()), failures++;
        return;
    }
    expect(name + " status", status.host(), Ulongs{0, block_ids.size()});
    if (!block_ids.empty()) {
        int team = 1;
        while (team < 32 && team < block_size) team *= 2;
        int total = static_cast<int>(block_ids.size());
        d.launch(d.function("batched_align", "write"),
                std::min<int64_t>(up(static_cast<int64_t>(total) * team, 256), 16ll * d.multiprocessors), 256, 0, at,
                b.type, offsets.at, n, max_tokens, block_size, team, first.at, bo.at, total, sorted_at.at, block_at.at);
    }
    CHECK(cuStreamSynchronize(d.stream));
    expect(name + " post_pad", post.host(), post_pad);
    expect(name + " sorted offsets", so.host(), sorted_offsets);
    expect(name + " block offsets", bo.host(), block_offsets);
    expect(name + " sorted", sorted_at.host(), sorted);
    expect(name + " block ids", block_at.host(), block_ids);
}

void check_lists(Device& d, bool quick) {
    for (int n : {1, 2, 33, 5000}) {
        if (quick && n > 33) continue;
        std::vector<Longs> lists(n);
        for (int s = 0; s < n; s++) {
            long long at = s % 3 == 0 ? 0 : (1ll << 40) + s;
            for (uint64_t e = 0; e <= mix(s) % (n == 1 ? 3000 : 70); e++) {
                lists[s].push_back(at);
                at += mix(s * 1000 + e) % 3 == 0 ? 0 : mix(s + e * 31) % 200;
            }
        }
        for (int block_m : {1, 64, 100, 0x7fffffff}) check_tiles(d, lists, block_m, false);
        lists[n / 2].push_back(lists[n / 2].back() - 1);
        check_tiles(d, lists, 64, true);
        lists[n / 2] = {};
        check_tiles(d, lists, 64, true);
        lists[n / 2] = {-3, 4};
        check_tiles(d, lists, 64, true);
    }
    for (int type = 0; type < 7; type++) {
        for (int n : {1, 40, 6000}) {
            if (quick && (n > 40 || type % 2 == 1)) continue;
            Batch b = make_batch(lengths("mixed_short", n), 100, type, Skew::UNIFORM, false, n);
            for (int block_size : {1, 3, 16, 64, 200}) check_batched(d, b, 127, block_size);
            if (type < 3) {
                b.raw[b.raw.size() / 2] = -1;
                check_batched(d, b, 127, 16);
            }
        }
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 3) {
        std::fprintf(stderr, "usage: counting_check PTX_FOLDER check|quick|bench [CASES]\n");
        return 2;
    }
    Device d(argv[1]);
    std::string mode = argv[2];
    if (mode == "bench") {
        bench(d, argc > 3 ? argv[3] : "");
        return 0;
    }
    bool quick = mode == "quick";
    poison = !quick;
    int number = 0;
    for (int type = 0; type < 7; type++) {
        for (int experts : {1, 8, 65, 256, 1000, 1024}) {
            for (const char* pattern : PATTERNS) {
                number++;
                if (quick && number % 29 != 0) continue;
                Skew skew = static_cast<Skew>(number % 3);
                bool odd = number % 2 == 0;
                std::vector<int> of = lengths(pattern, quick ? 40 : 300);
                Case c{std::string(pattern) + " type " + std::to_string(type) + " E " + std::to_string(experts) +
                                (odd ? " odd" : ""),
                        make_batch(of, experts, type, skew, odd, number), experts};
                check(d, c, quick);
            }
        }
    }
    if (!quick) {
        for (int type : {0, 2, 3, 4}) {
            check(d, {"huge type " + std::to_string(type), make_batch({3000000}, 256, type, Skew::ZIPF, true, 9), 256},
                    true);
        }
    }
    check_lists(d, quick);
    std::printf("%d comparisons, %d wrong\n", comparisons, failures);
    return failures == 0 ? 0 : 1;
}
