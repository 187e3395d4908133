// Times the counting kernels: CUDA graphs of 32 and more operations over buffers that rotate through more than 150 MB,
// median of 51 replays, time of one operation.
#pragma once
#include "counting_data.hpp"
#include "counting_launch.hpp"

#include <functional>
#include <memory>

inline double time_graph(Device& d, int operations, const std::function<void(int)>& operation) {
    CUgraph graph;
    CUgraphExec exec;
    CHECK(cuStreamBeginCapture(d.stream, CU_STREAM_CAPTURE_MODE_RELAXED));
    for (int i = 0; i < operations; i++) operation(i);
    CHECK(cuStreamEndCapture(d.stream, &graph));
    CHECK(cuGraphInstantiate(&exec, graph, 0));
    CUevent from, to;
    CHECK(cuEventCreate(&from, CU_EVENT_DEFAULT));
    CHECK(cuEventCreate(&to, CU_EVENT_DEFAULT));
    std::vector<float> times;
    for (int i = 0; i < 54; i++) {
        float ms;
        CHECK(cuEventRecord(from, d.stream));
        CHECK(cuGraphLaunch(exec, d.stream));
        CHECK(cuEventRecord(to, d.stream));
        CHECK(cuEventSynchronize(to));
        CHECK(cuEventElapsedTime(&ms, from, to));
        if (i >= 3) times.push_back(ms);
    }
    CHECK(cuGraphExecDestroy(exec));
    CHECK(cuGraphDestroy(graph));
    std::sort(times.begin(), times.end());
    return times[times.size() / 2] * 1000.0 / operations;
}

struct BenchCase {
    std::string name;
    int segments, length, experts, type,
            slots;  // slots: segments of each slot side by side; negative: slots take turns
};

inline void bench_one(Device& d, const BenchCase& c, Skew skew) {
    size_t n = static_cast<size_t>(c.segments) * c.length;
    Batch small = make_batch({1 << 20}, c.experts, c.type, skew, false, 5);
    std::vector<unsigned char> pattern = small.bytes();
    pattern.erase(pattern.begin(), pattern.begin() + small.pad);
    size_t bytes = n * small.width();
    int copies = static_cast<int>(std::min<size_t>(24, 1 + 160000000 / bytes));
    std::vector<std::unique_ptr<Buffer<unsigned char>>> ids;
    for (int i = 0; i < copies; i++) {
        ids.push_back(std::make_unique<Buffer<unsigned char>>(bytes));
        for (size_t at = 0; at < bytes; at += pattern.size())
            CHECK(cuMemcpyHtoD(ids[i]->at + at, pattern.data(), std::min(pattern.size(), bytes - at)));
    }
    std::vector<int> offsets(c.segments + 1), slot_of(c.segments);
    int slots = std::abs(c.slots);
    for (int s = 0; s <= c.segments; s++) offsets[s] = s * c.length;
    for (int s = 0; s < c.segments; s++)
        slot_of[s] = c.slots < 0 ? s % slots : static_cast<int>(static_cast<int64_t>(s) * slots / c.segments);
    Buffer<int> offsets_at(offsets), slots_at(slot_of), sizes(std::vector<int>{16, 64, 128});
    Buffer<unsigned long long> tally(2), counts(static_cast<size_t>(slots) * c.experts), sums(slots * 6),
            scratch((n / LONG_IDS + 1) * c.experts);
    auto batch = [&](int i) {
        return OnDevice{ids[i % copies]->at, c.type, offsets_at.at, c.segments, static_cast<int64_t>(n)};
    };
    const char* skews[] = {"uniform", "zipf", "one"};
    int operations = std::max(32, copies);
    counts.zero();
    double load = time_graph(d, operations,
            [&](int i) { expert_load(d, batch(i), slots_at.at, slots, c.experts, counts.at, tally.at); });
    double totals = time_graph(d, operations, [&](int i) {
        padding_sums(
                d, batch(i), slots_at.at, c.experts, sizes.at, 3, c.length >= LONG_IDS, scratch.at, sums.at, tally.at);
    });
    Buffer<long long> blocks(3ll * c.segments), slot_counts(3ll * c.segments), used(c.segments);
    Buffer<int> active(c.segments);
    double pad = time_graph(d, operations, [&](int i) {
        padding(d, batch(i), c.experts, sizes.at, 3, c.length >= LONG_IDS,
                {scratch.at, blocks.at, slot_counts.at, used.at, active.at, tally.at});
    });
    Buffer<long long> rows(static_cast<size_t>(c.segments) * c.experts);
    double count = time_graph(d, rows.n > 100000000 ? 2 : operations,
            [&](int i) { expert_counts(d, batch(i), c.experts, c.length >= LONG_IDS, rows.at, tally.at); });
    std::printf("%-34s %-7s load %8.2f  counts %8.2f  padding x3 %8.2f  totals x3 %8.2f us\n", c.name.c_str(),
            skews[static_cast<int>(skew)], load, count, pad, totals);
}

// Times the cases whose name contains `wanted`.
inline void bench(Device& d, const std::string& wanted) {
    const BenchCase cases[] = {
            {"60 x 1M, E 256, uint8", 60, 1 << 20, 256, 3, 60},
            {"60 x 1M, E 256, uint8 masked", 60, 1 << 20, 256, 5, 60},
            {"60 x 1M, E 256, int16", 60, 1 << 20, 256, 1, 60},
            {"60 x 1M, E 256, int32", 60, 1 << 20, 256, 2, 60},
            {"1 x 16M, E 256, uint8", 1, 1 << 24, 256, 3, 1},
            {"1 x 16M, E 1024, int32", 1, 1 << 24, 1024, 2, 1},
            {"1M x 8, E 256, uint8, 58 sorted", 1 << 20, 8, 256, 3, 58},
            {"1M x 8, E 256, uint8, 58 in turn", 1 << 20, 8, 256, 3, -58},
            {"1M x 8, E 256, int32, 58 sorted", 1 << 20, 8, 256, 2, 58},
            {"1M x 8, E 256, int32, 58 in turn", 1 << 20, 8, 256, 2, -58},
            {"1M x 10, E 512, int16, 58 in turn", 1 << 20, 10, 512, 1, -58},
            {"1M x 8, E 256, uint8, 1M slots", 1 << 20, 8, 256, 3, 1 << 20},
            {"10,000 x 512, E 256, int32", 10000, 512, 256, 2, -58},
            {"10,000 x 512, E 256, uint8", 10000, 512, 256, 3, -58},
            {"1,000 x 8,192, E 256, int32", 1000, 8192, 256, 2, -58},
            {"64 x 512, E 256, uint8", 64, 512, 256, 3, -58},
    };
    for (const BenchCase& c : cases) {
        if (c.name.find(wanted) == std::string::npos) continue;
        bench_one(d, c, Skew::UNIFORM);
        if (c.segments == 60 && c.type == 3) {
            bench_one(d, c, Skew::ZIPF);
            bench_one(d, c, Skew::ONE);
        }
    }
}
