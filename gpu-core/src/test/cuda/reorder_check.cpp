// Runs every reorder kernel on awkward batches and compares all it writes with plain loops; outputs are poisoned and
// guarded. Usage: reorder_check <folder of the PTX files> [small [n]]
// small: few and short, for compute-sanitizer (with --num-cuda-barriers 128); n: only every n-th batch of those
#include "reorder_other.hpp"

using namespace reorder;

static int cases, failures;

static void report(bool ok, const std::string& label) {
    cases++;
    if (ok) return;
    failures++;
    std::printf("WRONG %s\n", label.c_str());
    std::fflush(stdout);
}

static bool same(const Bytes& got, const Bytes& want, int type, const char* what) {
    for (size_t i = 0; i < want.size(); i++) {
        if (got[i] != want[i]) {
            size_t at = i / bytes_of(type) * bytes_of(type);
            std::printf("  %s[%zu] is %g, expected %g\n", what, at / bytes_of(type), widen(type, &got[at]), widen(type, &want[at]));
            return false;
        }
    }
    return true;
}

static bool zero_all(const Buffer<unsigned>& words) {
    for (unsigned w : words.all())
        if (w != 0) return false;
    return true;
}

static bool tallied(const Buffer<unsigned long long>& tally, unsigned long long outside, unsigned long long twice, unsigned long long no_scale) {
    auto t = tally.all();
    bool ok = t[0] == outside && t[1] == twice && t[2] == no_scale;
    if (!ok) std::printf("  tally %llu %llu %llu, expected %llu %llu %llu\n", t[0], t[1], t[2], outside, twice, no_scale);
    return ok;
}

static std::string label_of(const Batch& b) {
    std::string s = "type " + std::to_string(b.type) + " to " + std::to_string(b.out_type) + " hidden " + std::to_string(b.hidden) + " topk " +
        std::to_string(b.topk) + " mode " + std::to_string(b.mode) + " segments " + std::to_string(b.segments()) + " tokens";
    for (size_t i = 0; i < b.tokens.size() && i < 4; i++) s += " " + std::to_string(b.tokens[i]);
    return s;
}

static void check_pre(const Batch& b, bool unaligned, std::mt19937_64& random) {
    Bytes want = pre_reference(b);
    const Variant variants[] = {{Variant::ANY, 8, false}, {Variant::COPY, 4, false}, {Variant::BULK, 1, false}, {Variant::BULK, 15, true},
        {Variant::TO_FP8, 1, false}, {Variant::TO_FP8, 5, true}, {Variant::SCALED, 4, false}, {Variant::SCALED14, 2, false}, {Variant::SCALED8, 1, true},
        {Variant::SCALED8, 2, false}};
    for (const Variant& v : variants) {
        for (int ready = b.segments() == 1 ? 0 : 1; ready < 2; ready++) {
            if (!takes(v, b, unaligned)) continue;
            Input in(b, unaligned);
            Buffer<unsigned char> out(want.size());
            if (ready) in.prepare(true);
            pre(v, in, ready ? in.ready() : in.direct(true), out.get());
            zero(b, out.get(), in.named.get(), random() % 2 ? 1 : 8);
            CUDA(streamSync(driver::stream));
            report(same(out.all(), want, b.out_type, "out") && out.guarded() && zero_all(in.named) && tallied(in.tally, 0, 0, 0),
                "pre " + v.name() + (ready ? " ready " : " direct ") + (unaligned ? "unaligned " : "") + label_of(b));
        }
    }
}

static void check_post(const Batch& b, bool unaligned) {
    const float factors[] = {1, 2.5f, -0.37f};
    bool in_16_bits = (b.type == FP16 || b.type == BF16) && b.slots() * b.hidden < 40000;  // the plain loop is slow
    for (int arithmetic = 0; arithmetic < (b.type == FP32 ? 1 : in_16_bits ? 4 : 2); arithmetic++) {
        float factor = arithmetic == FMA16 ? 1 : factors[(b.hidden + b.topk + arithmetic) % 3];
        Bytes want = post_reference(b, arithmetic, factor);
        for (int kind : {0, 2, 14, 17}) {
            if (!takes_post(kind, b, arithmetic, unaligned)) continue;
            for (int ready = b.segments() == 1 ? 0 : 1; ready < 2; ready++) {
                Input in(b, unaligned);
                Buffer<unsigned char> out(want.size());
                if (ready) in.prepare(true);
                post(kind, 4, in, ready ? in.ready() : in.direct(true), arithmetic, factor, out.get());
                CUDA(streamSync(driver::stream));
                report(same(out.all(), want, b.type, "out") && out.guarded() && tallied(in.tally, 0, 0, 0),
                    "post kind " + std::to_string(kind) + " arithmetic " + std::to_string(arithmetic) + (ready ? " ready " : " direct ") +
                        (unaligned ? "unaligned " : "") + label_of(b));
            }
        }
    }
}

// Rows out of range, rows named twice, missing scales: counted, nothing else touched.
static void check_malformed(Batch b, bool post_too, std::mt19937_64& random) {
    unsigned long long outside = 0, twice = 0;
    for (int& d : b.src2dst) {
        if (d >= 0 && random() % 10 == 0) d = random() % 2 ? b.targets[0] + static_cast<int>(random() % 2000000) : b.src2dst[random() % b.src2dst.size()];
        if (d < 0) d = -1;
    }
    std::vector<int> names(b.targets[0]);
    for (int i = 0; i < b.slots(); i++) {
        if (!b.selected(i)) continue;
        if (b.src2dst[i] >= b.targets[0]) outside++;
        else twice += names[b.src2dst[i]]++ > 0;
    }
    for (int kind = 0; kind < 7; kind++) {
        Variant v{static_cast<Variant::Kind>(kind), kind >= Variant::SCALED14 ? 2 : 4, false};
        if (!takes(v, b, false)) continue;
        for (int ready = 0; ready < 2; ready++) {
            Input in(b);
            Buffer<unsigned char> out(static_cast<size_t>(b.all_targets()) * b.hidden * bytes_of(b.out_type));
            if (ready) in.prepare(true);
            pre(v, in, ready ? in.ready() : in.direct(true), out.get());
            CUDA(streamSync(driver::stream));
            report(out.guarded() && tallied(in.tally, outside, twice, 0), "malformed " + v.name() + (ready ? " ready " : " direct ") + label_of(b));
        }
    }
    for (int kind : {0, 2, 14, 17}) {
        if (!post_too || !takes_post(kind, b, 0, false)) continue;
        Input in(b);
        Buffer<unsigned char> out(static_cast<size_t>(b.all_tokens()) * b.hidden * bytes_of(b.type));
        post(kind, 4, in, in.direct(true), 0, 1, out.get());
        CUDA(streamSync(driver::stream));
        report(out.guarded() && tallied(in.tally, outside, twice, 0), "malformed post kind " + std::to_string(kind) + " " + label_of(b));
    }
}

static void check_missing_scale(std::mt19937_64& random) {
    Batch b = batch(FP16, FP8, 64, 2, PER_EXPERT, {40}, 16, 0, random);
    b.first = 0, b.last = 0x7fffffff;
    b.scales.assign(9, 1.5f);
    b.scale_offsets = {0, 9};
    b.in = values(FP16, 40 * 64, random);
    unsigned long long missing = 0;
    for (int i = 0; i < b.slots(); i++) missing += b.selected(i) && b.ids[i] >= 9;
    for (int ready = 0; ready < 2; ready++) {
        Input in(b);
        Buffer<unsigned char> out(static_cast<size_t>(b.all_targets()) * b.hidden);
        if (ready) in.prepare(true);
        pre({Variant::ANY, 8, false}, in, ready ? in.ready() : in.direct(true), out.get());
        CUDA(streamSync(driver::stream));
        report(out.guarded() && tallied(in.tally, 0, 0, missing), "missing scales");
    }
}

static void check_silu(Batch b, bool unaligned, bool scaled) {
    SiluWant want = silu_reference(b, scaled);
    Input in(b, unaligned);
    Buffer<unsigned char> out(want.out.size());
    silu(in, scaled, out.get());
    CUDA(streamSync(driver::stream));
    report(near(out.all(), want, b) && out.guarded() && tallied(in.tally, 0, 0, 0), std::string("silu ") + (scaled ? "scaled " : "") + label_of(b));
}

static void check_topk(int experts, int topk, int type, int tokens, int groups, bool biased, int scoring, bool renormalize, std::mt19937_64& random) {
    Router r = router(experts, topk, type, tokens, groups, biased, scoring, renormalize, random);
    TopkRun run(r);
    run.launch(r);
    CUDA(streamSync(driver::stream));
    report(run.right(r) && run.ids.guarded() && run.weights.guarded(),
        "topk E " + std::to_string(experts) + " topk " + std::to_string(topk) + " type " + std::to_string(type) + " groups " + std::to_string(groups) + " bias " +
            std::to_string(biased) + " scoring " + std::to_string(scoring) + " renormalize " + std::to_string(renormalize));
}

static void check_routers(bool small, std::mt19937_64& random) {
    struct { int experts, topk, groups; } shapes[] = {{1, 1, 1}, {5, 5, 1}, {8, 2, 4}, {60, 4, 1}, {64, 6, 8}, {128, 8, 1}, {256, 8, 8}, {384, 40, 1}, {1024, 32, 16}, {1000, 64, 10}};
    for (auto s : shapes)
        for (int n = 0; n < (small ? 2 : 8); n++)
            check_topk(s.experts, s.topk, 1 + n % 3, small ? 5 : 203, s.groups, n % 2, n / 2 % 2, n / 4 % 2 || n % 3 == 0, random);
}

int main(int argc, char** argv) {
    driver::folder = argc > 1 ? argv[1] : ".";
    bool small = argc > 2 && std::string(argv[2]) == "small";
    int every = argc > 3 ? std::atoi(argv[3]) : 1, batches = 0;
    driver::open();
    std::mt19937_64 random(small ? 3 : 11);
    std::vector<std::vector<int>> lists = {{1}, {7}, {64}, {0, 3, 1, 0, 9}};
    if (!small) lists.insert(lists.end(), {{257}, {40, 0, 33, 1, 1, 60}});
    for (int hidden : {1, 7, 8, 64, 513, 640, 1000, 2048, 4096, 7168, 7184}) {
        if (small && hidden > 1000) continue;
        for (int topk : {1, 2, 3, 8, 9, 32, 40}) {
            for (const auto& tokens : lists) {
                if (batches++ % every) continue;
                if (hidden >= 2048 && topk % 8 != 0 && topk != 2) continue;
                if (tokens.size() == 1 && tokens[0] * topk * hidden > 300000) continue;
                for (int turn = 0; turn < (small ? 2 : 3); turn++) {
                    int type = 1 + static_cast<int>(random() % 3), out_type = random() % 2 ? type : 1 + static_cast<int>(random() % 4), mode = static_cast<int>(random() % 4);
                    if (turn == 0) type = FP16, out_type = hidden % 3 ? FP8 : FP16;
                    if (turn == 1) type = BF16, out_type = hidden % 3 ? BF16 : FP8, mode = hidden == 7168 ? 1 + topk % 3 : topk % 2;
                    Batch b = batch(type, out_type, hidden, topk, mode, tokens, 12, random() % 2 * 3, random);
                    b.in = values(type, static_cast<size_t>(b.all_tokens()) * hidden, random);
                    bool unaligned = random() % 5 == 0;
                    check_pre(b, unaligned, random);
                    Batch down = b;
                    down.in = values(type, static_cast<size_t>(b.all_targets()) * hidden, random);
                    check_post(down, unaligned);
                    if (tokens.size() == 1 && turn == 0) check_malformed(down, true, random);
                    if (hidden <= 1000 || topk < 3) check_silu(gates(b, random), unaligned, mode == PER_EXPERT);
                }
            }
        }
    }
    check_missing_scale(random);
    check_routers(small, random);
    std::printf("%d cases, %d wrong\n", cases, failures);
    return failures ? 1 : 0;
}
