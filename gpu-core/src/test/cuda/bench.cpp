// Times the operators as the goal table names them: a CUDA graph of many operations over buffers that rotate through more
// than 150 MB, median of 51 replays, for uniform, zipf and one-expert ids. Usage: bench <folder of the PTX files> [row]
#include <functional>

#include "sort_launchers.hpp"

static double microseconds(int operations, const std::function<void(int)>& operation, int replays = 51) {
    CUgraph graph;
    CUgraphExec exec;
    CUevent begin, end;
    CUDA(eventCreate(&begin, CU_EVENT_DEFAULT));
    CUDA(eventCreate(&end, CU_EVENT_DEFAULT));
    operation(0);  // attributes are set outside the capture
    CUDA(streamSync(driver::stream));
    CUDA(beginCapture(driver::stream, CU_STREAM_CAPTURE_MODE_THREAD_LOCAL));
    for (int i = 0; i < operations; i++) operation(i);
    CUDA(endCapture(driver::stream, &graph));
    CUDA(instantiate(&exec, graph, 0));
    std::vector<float> times;
    for (int r = 0; r < replays + 3; r++) {
        float ms;
        CUDA(eventRecord(begin, driver::stream));
        CUDA(graphLaunch(exec, driver::stream));
        CUDA(eventRecord(end, driver::stream));
        CUDA(streamSync(driver::stream));
        CUDA(elapsed(&ms, begin, end));
        if (r >= 3) times.push_back(ms * 1000 / operations);
    }
    CUDA(graphExecDestroy(exec));
    CUDA(graphDestroy(graph));
    std::sort(times.begin(), times.end());
    return times[times.size() / 2];
}

// What ids are taken through: as they are; 1 % masked and 1 % invalid ones dropped; 1 % masked ones in a bin of their own;
// an expert map that leaves half of the experts out, and one that moves every expert (vLLM's).
enum Way { AS_THEY_ARE, DROPPED, BINNED, HALF_LOCAL, MAPPED };

static Odd go(Call& c, Way way, std::mt19937_64& random) {
    if (way == BINNED) c.first = 1, c.bins++;
    for (int e = 0; e < c.experts && way == HALF_LOCAL; e++) c.table.push_back(e % 2 ? -1 : e / 2);
    if (way == HALF_LOCAL) c.bins = (c.experts + 1) / 2;
    for (int e = 0; e < c.experts && way == MAPPED; e++) c.table.push_back(e), c.key_value.push_back(e);
    if (way == MAPPED) std::shuffle(c.table.begin(), c.table.end(), random);
    Odd odd;
    if (way == DROPPED || way == BINNED) odd.masked = 0.01;
    if (way == DROPPED) odd.invalid = 0.01;
    return odd;
}

static Way way = AS_THEY_ARE;
static bool uneven = false;  // lengths between 1 and twice as many ids, instead of all the same

static Call batch(int segments, int length, int experts, int type, Skew skew) {
    std::mt19937_64 random(segments + length + skew);
    Call c;
    c.type = type;
    c.experts = c.bins = experts;
    Odd odd = go(c, way, random);
    if (uneven) {
        for (int s = 0; s < segments; s++) {
            int n = s % 2 ? 2 * length - (c.offsets[s] - c.offsets[s - 1]) : 1 + static_cast<int>(random() % (2 * length - 1));
            add_segment(c, n, skew, odd, random);
        }
        return c;
    }
    for (int s = 0; s < segments; s++) {
        if (skew == ZIPF && s > 0) {  // drawing a table a segment would take long; the same popularity in all is fine
            for (int i = 0; i < length; i++) c.ids.push_back(c.ids[random() % length]);
            c.offsets.push_back(c.offsets.back() + length);
        } else {
            add_segment(c, length, skew, odd, random);
        }
    }
    return c;
}

static int sets_for(double bytes) { return std::max(2, static_cast<int>(160e6 / bytes) + 1); }
static int rounds(int sets) { return std::max(32, (sets + 31) / 32 * 32); }
static std::string only;
static bool wanted(const char* row) { return only.empty() || std::string(row).find(only) != std::string::npos; }

static void align_row(const char* row, int segments, int length, int experts, int block, int type, int warps) {
    if (!wanted(row)) return;
    std::printf("%-44s", row);
    for (Skew skew : {UNIFORM, ZIPF, ONE}) {
        Call c = batch(segments, length, experts, type, skew);
        size_t padded = 0;
        for (int s = 0; s < segments; s++) {
            std::vector<int> count(c.bins + 3);
            for (int i = 0; i < c.length(s); i++) count[c.key(c.segment(s)[i])]++;
            for (int k = 0; k < c.bins; k++) padded += (count[k] + block - 1) / block * block;
        }
        int sets = std::min(64, sets_for(1.0 * c.ids.size() * bytes_of(type) + 4.0 * padded));
        std::vector<Input> in;
        std::vector<AlignRun> out;
        for (int i = 0; i < sets; i++) {
            in.emplace_back(c);
            out.emplace_back(in.back(), padded, padded / block);
        }
        LargePlan large(in[0], segments == 1 ? 32768 : 65536);
        std::printf(" %s %.2f", SKEWS[skew], microseconds(rounds(sets), [&](int i) {
            if (!out[i % sets].launch_alone(in[i % sets], block)) out[i % sets].launch(in[i % sets], large, block, warps);
        }, padded > 1e8 ? 11 : 51));
        std::fflush(stdout);
        if (skew == UNIFORM && large.any() && length > 32768) {
            double count = microseconds(rounds(sets), [&](int i) { large.count_ids(in[i % sets]); });
            double scan = microseconds(rounds(sets), [&](int i) { large.scan(in[i % sets], out[0].tally.get()); });
            std::printf(" (count %.2f scan %.2f; %d chunks of %d)", count, scan, large.chunks, large.chunk_ids);
        }
    }
    std::printf("\n");
    std::fflush(stdout);
}

static void compact_row(const char* row, int segments, int length, int experts, int type, int narrow, int warp_up_to, int warps) {
    if (!wanted(row)) return;
    std::printf("%-44s", row);
    for (Skew skew : {UNIFORM, ZIPF, ONE}) {
        Call c = batch(segments, length, experts, type, skew);
        int sets = std::min(64, sets_for(1.0 * c.ids.size() * (bytes_of(type) + (narrow ? 2 : 4)) + 2.0 * (2 - narrow) * segments * experts));
        std::vector<Input> in;
        std::vector<CompactRun> out;
        for (int i = 0; i < sets; i++) {
            in.emplace_back(c);
            out.emplace_back(in.back(), c.ids.size(), narrow);
        }
        LargePlan large(in[0], segments == 1 ? 32768 : 65536);
        Classes classes(in[0], warp_up_to, 65536);
        std::printf(" %s %.2f", SKEWS[skew], microseconds(rounds(sets), [&](int i) { out[i % sets].launch(in[i % sets], large, classes, nullptr, warps); }));
        std::fflush(stdout);
    }
    std::printf("\n");
}

static void ep_row(const char* row, int segments, int length, int experts, int type, bool ordered, int warps) {
    if (!wanted(row)) return;
    std::printf("%-44s", row);
    for (Skew skew : {UNIFORM, ZIPF, ONE}) {
        Call c = batch(segments, length, experts, type, skew);
        int sets = std::min(64, sets_for(1.0 * c.ids.size() * (bytes_of(type) + (ordered ? 12 : 8))));
        std::vector<Input> in;
        std::vector<EpRun> out;
        for (int i = 0; i < sets; i++) {
            in.emplace_back(c);
            out.emplace_back(in.back(), c.ids.size(), PLAIN, 0, 0, experts, ordered);
        }
        LargePlan large(in[0], segments == 1 ? 32768 : 65536);
        Classes classes(in[0], -1, 65536);
        std::printf(" %s %.2f", SKEWS[skew], microseconds(rounds(sets), [&](int i) { out[i % sets].launch(in[i % sets], large, classes, nullptr, warps); }));
        std::fflush(stdout);
    }
    std::printf("\n");
}

static void rows_row(const char* row, int rows, int type) {
    if (!wanted(row)) return;
    std::printf("%-44s", row);
    for (Skew skew : {UNIFORM, ZIPF, ONE}) {
        Call c = batch(1, rows * 8, 16, type, skew);
        int sets = sets_for(rows * (8.0 * bytes_of(type) + 9));
        std::vector<Input> in;
        std::vector<RowsRun> out;
        for (int i = 0; i < sets; i++) in.emplace_back(c), out.emplace_back(rows, 8);
        std::printf(" %s %.2f", SKEWS[skew], microseconds(rounds(sets), [&](int i) { out[i % sets].launch(in[i % sets], rows, 8); }));
    }
    std::printf("\n");
}

static void empty_node() {
    if (!wanted("empty")) return;
    const char* text = ".version 8.0\n.target sm_75\n.address_size 64\n.visible .entry empty() { ret; }\n";
    CUmodule module;
    CUfunction empty;
    CUDA(loadModule(&module, text));
    CUDA(getFunction(&empty, module, "empty"));
    void* none[1] = {};
    double time = microseconds(512, [&](int) { CUDA(launch(empty, 1, 1, 1, 32, 1, 1, 0, driver::stream, none, nullptr)); });
    std::printf("%-44s %.2f\n", "empty kernel", time);
}

// The same work on other ids: policies, maps, uneven segments.
static void other_ways() {
    const char* names[] = {"", " drop 1+1 %", " bin 1 %", " half local", " mapped"};
    for (Way w : {AS_THEY_ARE, DROPPED, BINNED, HALF_LOCAL, MAPPED}) {
        way = w;
        std::string name = names[w];
        align_row(("ways: align 1Mx8 E256 B128" + name).c_str(), 1, 1 << 23, 256, 128, INT32, 32);
        align_row(("ways: align 4096x8 E256 B128" + name).c_str(), 1, 32767, 256, 128, INT32, 32);
        align_row(("ways: padded 10000 x 512 E256 B64" + name).c_str(), 10000, 512, 256, 64, INT32, 8);
        if (w != BINNED) compact_row(("ways: compact 10000 x 512 E256" + name).c_str(), 10000, 512, 256, INT32, 1, 512, 8);
        if (w != HALF_LOCAL) ep_row(("ways: ep 1Mx8 E256" + name).c_str(), 1, 1 << 23, 256, INT32, false, 32);
    }
    way = AS_THEY_ARE;
    uneven = true;
    align_row("ways: padded 10000 x 512 E256 B64 uneven", 10000, 512, 256, 64, INT32, 8);
    compact_row("ways: compact 10000 x 512 E256 uneven", 10000, 512, 256, INT32, 1, 1024, 8);
    align_row("ways: padded 1000 x 8192 E256 B64 uneven", 1000, 8192, 256, 64, INT32, 32);
    uneven = false;
}

int main(int argc, char** argv) {
    driver::folder = argc > 1 ? argv[1] : ".";
    if (argc > 2) only = argv[2];
    driver::open();
    empty_node();
    align_row("align 4096x2 E64 B128", 1, 8192, 64, 128, INT32, 32);
    align_row("align 64x8 E256 B64", 1, 512, 256, 64, INT32, 8);
    align_row("align 4096x8 E256 B128", 1, 32768, 256, 128, INT32, 32);
    align_row("align 65536x8 E256 B128", 1, 524288, 256, 128, INT32, 32);
    align_row("align 1Mx8 E256 B128 int32", 1, 1 << 23, 256, 128, INT32, 32);
    align_row("align 1Mx8 E256 B128 uint8", 1, 1 << 23, 256, 128, UINT8, 32);
    align_row("align 16M E128 B64", 1, 1 << 24, 128, 64, INT32, 32);
    align_row("align 1Mx10 E512 B64", 1, 10 << 20, 512, 64, INT32, 32);
    align_row("align 10000 x 512 padded E256 B64", 10000, 512, 256, 64, INT32, 8);
    align_row("align 1000 x 8192 padded E256 B64", 1000, 8192, 256, 64, INT32, 32);
    compact_row("compact 10000 x 512 E256 int16 out", 10000, 512, 256, INT32, 1, 512, 8);
    compact_row("compact 10000 x 512 E256 int32 out", 10000, 512, 256, INT32, 0, 512, 8);
    compact_row("compact 1000 x 8192 E256 int16 out, w32", 1000, 8192, 256, INT32, 1, 512, 32);
    compact_row("compact 1000 x 8192 E256 int16 out, w16", 1000, 8192, 256, INT32, 1, 512, 16);
    rows_row("rows of 8, 1M, int32", 1 << 20, INT32);
    rows_row("rows of 8, 1M, uint8", 1 << 20, UINT8);
    ep_row("ep 1Mx8 E256", 1, 1 << 23, 256, INT32, false, 32);
    ep_row("ep 16M E128", 1, 1 << 24, 128, INT32, false, 32);
    ep_row("ep 1Mx8 E256 with reorder_ids", 1, 1 << 23, 256, INT32, true, 32);
    ep_row("ep 10000 x 512 E256", 10000, 512, 256, INT32, true, 8);
    other_ways();
    return 0;
}
