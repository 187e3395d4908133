// One check an operator: runs it on a poisoned output and compares all it wrote with the plain loop.
#pragma once
#include "sort_launchers.hpp"

static int failures, cases;

template <class A, class B>
static bool same(const char* what, const std::vector<A>& got, const std::vector<B>& want, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (static_cast<long long>(got[i]) != static_cast<long long>(want[i])) {
            std::printf("  %s[%zu] is %lld, expected %lld\n", what, i, (long long)got[i], (long long)want[i]);
            return false;
        }
    }
    return true;
}

static void report(bool ok, const std::string& label) {
    cases++;
    if (ok) return;
    failures++;
    std::printf("WRONG %s\n", label.c_str());
    std::fflush(stdout);
}

static bool same_tally(const driver::Buffer<unsigned long long>& tally, const unsigned long long* want) {
    auto got = tally.all();
    return same("tally", got, std::vector<unsigned long long>(want, want + 3), 3);
}

static bool check_align(const Call& c, int block, int warps, int large_from, bool alone, const std::string& label) {
    Input in(c);
    AlignWant want = align_reference(c, block);
    LargePlan large(in, large_from);
    AlignRun run(in, want.sorted.size(), want.experts.size());
    if (!alone || !run.launch_alone(in, block)) run.launch(in, large, block, warps);
    CUDA(streamSync(driver::stream));
    bool ok = same("sorted_offsets", run.sorted_offsets.all(), want.sorted_offsets, c.segments() + 1) &&
        same("expert_offsets", run.expert_offsets.all(), want.expert_offsets, c.segments() + 1) &&
        same("num_tokens_post_pad", run.post_pad.all(), want.post_pad, c.segments()) &&
        same("sorted_token_ids", run.sorted.all(), want.sorted, want.sorted.size()) &&
        same("expert_ids", run.experts.all(), want.experts, want.experts.size()) && same_tally(run.tally, want.tally) &&
        run.sorted.guarded() && run.experts.guarded();
    report(ok, "align " + label);
    return ok;
}

static std::string label_of(const Call& c, int policy, Skew skew, const std::string& lengths) {
    return "E " + std::to_string(c.experts) + " type " + std::to_string(c.type) + " policy " + std::to_string(policy) + " " +
        SKEWS[skew] + " lengths " + lengths;
}

static std::string text(const std::vector<int>& lengths) {
    std::string s;
    for (size_t i = 0; i < lengths.size() && i < 4; i++) s += std::to_string(lengths[i]) + " ";
    return lengths.size() > 4 ? s + "... (" + std::to_string(lengths.size()) + ")" : s;
}

static bool drops(const unsigned long long* tally) { return tally[0] + tally[1] + tally[2] > 0; }

static void check_compact(const Call& c, int narrow, int warp_up_to, int warps, int large_from, const std::string& label) {
    Input in(c);
    CompactWant want = compact_reference(c);
    LargePlan large(in, large_from);
    Classes classes(in, warp_up_to, large_from);
    KeptOffsets kept(in);
    CompactRun run(in, want.sorted.size(), narrow);
    run.launch(in, large, classes, drops(want.tally) ? &kept : nullptr, warps);
    CUDA(streamSync(driver::stream));
    std::vector<int> sorted(want.sorted.size()), bins(want.bin_offsets.size());
    auto unpack = [&](const driver::Buffer<unsigned char>& from, std::vector<int>& to) {
        auto bytes = from.all();
        for (size_t i = 0; i < to.size(); i++) to[i] = narrow ? reinterpret_cast<uint16_t*>(bytes.data())[i] : reinterpret_cast<int*>(bytes.data())[i];
    };
    unpack(run.sorted, sorted);
    unpack(run.bin_offsets, bins);
    bool ok = !drops(want.tally) || same("out_offsets", kept.offsets.all(), want.out_offsets, c.segments() + 1);
    ok = ok && same("expert_offsets", bins, want.bin_offsets, bins.size()) && same("sorted_ids", sorted, want.sorted, sorted.size()) &&
        same_tally(run.tally, want.tally) && run.sorted.guarded() && run.bin_offsets.guarded();
    report(ok, "compact " + label + " narrow " + std::to_string(narrow) + " warp up to " + std::to_string(warp_up_to));
}

static void check_ep(const Call& c, int form, int topk, int m_max, int segments, bool ordered, int warps, int large_from, const std::string& label) {
    Input in(c);
    EpWant want = ep_reference(c, form, topk, m_max, segments);
    LargePlan large(in, large_from);
    Classes classes(in, -1, large_from);
    KeptOffsets kept(in);
    EpRun run(in, want.topk_ids.size(), form, topk, m_max, segments, ordered);
    run.launch(in, large, classes, drops(want.tally) ? &kept : nullptr, warps);
    CUDA(streamSync(driver::stream));
    bool ok = same("seg_indptr", run.indptr.all(), want.indptr, want.indptr.size()) &&
        same("src2dst", run.src2dst.all(), want.src2dst, want.src2dst.size()) &&
        same("reorder_topk_ids", run.topk_ids.all(), want.topk_ids, want.topk_ids.size()) &&
        (!ordered || same("reorder_ids", run.order.all(), want.order, want.order.size())) &&
        same("masked_m", run.masked_m.all(), want.masked_m, want.masked_m.size()) &&
        same("violation", run.violation.all(), std::vector<unsigned long long>{want.violation}, 1) &&
        same_tally(run.tally, want.tally) && run.src2dst.guarded() && run.topk_ids.guarded() && run.order.guarded();
    report(ok, "ep form " + std::to_string(form) + " ordered " + std::to_string(ordered) + " " + label);
}

// Policies: 0 plain, 1 a bin for masked ids, 2 a map to local experts, 3 both, 4 a map of what is written.
static Call make_call(int experts, int type, int policy, std::mt19937_64& random) {
    Call c;
    c.type = type;
    c.experts = experts;
    c.first = policy == 1 || policy == 3;
    c.bins = experts + c.first;
    if (policy == 2 || policy == 3) {
        int local = 0;
        for (int e = 0; e < experts; e++) c.table.push_back(random() % 3 ? -1 : local++);
        std::shuffle(c.table.begin(), c.table.end(), random);
        c.bins = local + c.first;
    }
    if (policy == 4)
        for (int e = 0; e < c.bins; e++) c.key_value.push_back(e % 3 ? -1 : e / 3);
    c.offsets[0] = static_cast<int>(random() % 100);
    return c;
}

static void check_rows(int rows, int length, int experts, int type, int policy, std::mt19937_64& random) {
    Call c = make_call(experts, type, policy, random);
    c.offsets[0] = 0;
    add_segment(c, rows * length, static_cast<Skew>(random() % 3), Odd{0.05, 0.05}, random);
    Input in(c);
    RowsRun run(rows, length);
    run.launch(in, rows, length);
    CUDA(streamSync(driver::stream));
    std::vector<int> ranks, distinct;
    unsigned long long tally[4] = {};
    for (int r = 0; r < rows; r++) {
        int different = 0;
        for (int i = 0; i < length; i++) {
            int key = c.key(c.ids[r * length + i]), rank = 0;
            for (int j = 0; j < i; j++) rank += c.key(c.ids[r * length + j]) == key;
            if (key >= c.bins) tally[key - c.bins]++;
            ranks.push_back(key >= c.bins ? 255 : rank);
            different += key < c.bins && rank == 0;
        }
        distinct.push_back(different);
    }
    report(same("ranks", run.ranks.all(), ranks, ranks.size()) && same("distinct", run.distinct.all(), distinct, distinct.size()) &&
            same_tally(run.tally, tally) && run.ranks.guarded() && run.distinct.guarded(),
        "rows of " + std::to_string(length) + " E " + std::to_string(experts) + " type " + std::to_string(type) + " policy " + std::to_string(policy));
}

// Forms of preprocessing: 0 plain, 1 deepep, 2 kmajor, 3 padded, 4 vllm (map and values), 5 sglang with masked ids kept.
static void check_forms(int experts, int type, const std::vector<int>& lengths, Skew skew, Odd odd, int large_from, std::mt19937_64& random) {
    for (int form = 0; form < 6; form++) {
        Call c;
        c.type = type;
        c.experts = experts;
        c.first = form == 1 || form == 5;
        c.bins = experts + c.first;
        int segments = experts, topk = form == 2 ? 1 + static_cast<int>(random() % 8) : 0;
        if (form == 4) {
            segments = 1 + static_cast<int>(random() % experts);
            for (int e = 0; e < experts; e++) c.table.push_back(e);
            std::shuffle(c.table.begin(), c.table.end(), random);
            for (int k = 0; k < c.bins; k++) c.key_value.push_back(k < segments ? k : experts + k);
        }
        int most = 0;
        for (int n : lengths) add_segment(c, topk ? n / topk * topk : n, skew, odd, random), most = std::max(most, n);
        int m_max = form == 3 ? std::max(1, std::min(2147483647 / experts, most / (random() % 2 ? 1 : 8))) : 0;
        check_ep(c, form > 3 ? 0 : form, topk, m_max, segments, random() % 2, random() % 2 ? 8 : 32, large_from, label_of(c, form, skew, text(lengths)));
    }
}
