// silu_and_mul and topk: data, plain loops, launches.
#pragma once
#include "reorder_launch.hpp"

namespace reorder {

// Rows of gate and up for a batch's ids (one a row), with some rows more than ids in each segment.
inline Batch gates(const Batch& like, std::mt19937_64& random) {
    Batch b = like;
    b.topk = 1;
    b.type = like.type == FP8 ? FP16 : like.type;
    b.mode = like.mode == PER_EXPERT ? PER_EXPERT : NO_SCALES;
    b.targets.clear();
    for (int s = 0; s < b.segments(); s++) b.tokens[s] *= like.topk, b.targets.push_back(b.tokens[s] + s % 2);
    b.in = values(b.type, static_cast<size_t>(b.all_targets()) * 2 * b.hidden, random);
    return b;
}

struct SiluWant {
    Bytes out;
    std::vector<char> computed;  // a value a row: not zero by rule
};

inline SiluWant silu_reference(const Batch& b, bool scaled) {
    SiluWant want{Bytes(static_cast<size_t>(b.all_targets()) * b.hidden * bytes_of(b.out_type)), std::vector<char>(b.all_targets())};
    int slot = 0, base = 0, bytes = bytes_of(b.type);
    for (int s = 0; s < b.segments(); base += b.targets[s], s++) {
        for (int i = 0; i < b.tokens[s]; i++, slot++) {
            if (b.ids[slot] < b.first || b.ids[slot] > b.last) continue;
            size_t row = base + i;
            want.computed[row] = 1;
            for (int h = 0; h < b.hidden; h++) {
                double gate = widen(b.type, &b.in[(row * 2 * b.hidden + h) * bytes]);
                float up = widen(b.type, &b.in[(row * 2 * b.hidden + b.hidden + h) * bytes]);
                float r = rounded(b.type, rounded(b.type, static_cast<float>(gate / (1 + std::exp(-gate)))) * up);
                if (scaled) r = rounded(b.type, r * rounded(b.type, 1 / b.scale(s, i, slot)));
                narrow(b.out_type, r, &want.out[(row * b.hidden + h) * bytes_of(b.out_type)]);
            }
        }
    }
    return want;
}

// Distance in representable numbers; 0 for two NaNs.
inline long long steps(int type, const unsigned char* a, const unsigned char* b) {
    float x = widen(type, a), y = widen(type, b);
    if (x != x || y != y) return x != x && y != y ? 0 : 1ll << 40;
    auto place = [&](const unsigned char* p) {
        long long v = 0;
        std::memcpy(&v, p, bytes_of(type));
        long long sign = 1ll << (8 * bytes_of(type) - 1);
        return v & sign ? -(v & (sign - 1)) : v;
    };
    return std::abs(place(a) - place(b));
}

// Exponentials of two libraries differ so little that next to nothing is rounded another way.
inline bool near(const Bytes& got, const SiluWant& want, const Batch& b) {
    size_t bytes = bytes_of(b.out_type), off = 0, count = want.out.size() / bytes;
    for (size_t i = 0; i < count; i++) {
        unsigned char a[4], w[4];  // an output that is wider than the input shows the input's last place
        int type = b.out_type == FP32 ? b.type : b.out_type;
        narrow(type, widen(b.out_type, &got[i * bytes]), a);
        narrow(type, widen(b.out_type, &want.out[i * bytes]), w);
        long long d = steps(type, a, w);
        off += d > 0;
        if (d > (want.computed[i / b.hidden] ? 1 : 0)) {
            std::printf("  [%zu] is %g, expected %g\n", i, widen(b.out_type, &got[i * bytes]), widen(b.out_type, &want.out[i * bytes]));
            return false;
        }
    }
    return off <= count / 100000;
}

inline void silu(const Input& in, bool scaled, unsigned char* out) {
    const Batch& b = in.b;
    int rows = b.all_targets(), piece = std::min(2048, ceil_div(b.hidden, 8) * 8);
    Buffer<int> selected(rows);
    Buffer<float> reciprocals(rows);
    CUDA(fillAsync(selected.address(), 0xff, selected.bytes(), driver::stream));
    CUDA(fillAsync(reciprocals.address(), 0, reciprocals.bytes(), driver::stream));
    if (b.slots() > 0)
        driver::run(driver::kernel("reorder_slots", "reorder_slots"), ceil_div(b.slots(), 256), 1, 256, 0, (const void*)in.ids.get(), 2, (const int*)nullptr,
            (const int*)in.offsets.get(), b.segments(), b.slots(), 1, (const long long*)in.row_offsets.get(), b.first, b.last, (const float*)in.scales.get(),
            scaled ? b.mode : NO_SCALES, (const long long*)in.scale_offsets.get(), static_cast<int>(b.scale_offsets.size()) - 1, selected.get(), reciprocals.get(),
            (unsigned*)nullptr, in.tally.get());
    if (rows > 0)
        driver::run(driver::kernel("silu_and_mul", "silu_and_mul"), rows * ceil_div(b.hidden, piece), 1, std::min(256, ceil_div(piece / 8, 32) * 32), 0,
            (const void*)in.rows(), b.type, (void*)out, b.out_type, b.hidden, piece, (const int*)selected.get(),
            scaled ? (const float*)reciprocals.get() : (const float*)nullptr);
    CUDA(streamSync(driver::stream));
}

struct Router {
    int experts, topk, type, tokens, groups, topk_group, scoring;
    bool renormalize;
    float factor;
    Bytes logits;
    std::vector<float> bias;
    std::vector<int> ids;
    std::vector<float> weights;

    float logit(int token, int e) const { return widen(type, &logits[(static_cast<size_t>(token) * experts + e) * bytes_of(type)]); }
};

// NaN above all, equal ones by lower index.
inline std::vector<int> descending(const std::vector<float>& by, int most) {
    std::vector<int> order(by.size());
    for (size_t i = 0; i < order.size(); i++) order[i] = static_cast<int>(i);
    auto above = [&](int a, int b) { return by[a] != by[a] ? by[b] == by[b] : by[a] > by[b]; };
    std::stable_sort(order.begin(), order.end(), above);
    order.resize(most);
    return order;
}

inline void choose(Router& r, int token) {
    double largest = -INFINITY, sum = 0;
    for (int e = 0; e < r.experts; e++) largest = std::fmax(largest, r.logit(token, e));
    for (int e = 0; e < r.experts; e++) sum += std::exp(r.logit(token, e) - largest);
    std::vector<float> score(r.experts), by(r.experts), group(r.groups);
    for (int e = 0; e < r.experts; e++) {
        double x = r.logit(token, e);
        score[e] = static_cast<float>(r.scoring ? 1 / (1 + std::exp(-x)) : std::exp(x - largest) / sum);
        by[e] = r.bias.empty() ? static_cast<float>(x) : score[e] + r.bias[e];
    }
    int size = r.experts / r.groups;
    for (int g = 0; g < r.groups; g++) {
        std::vector<float> of(by.begin() + g * size, by.begin() + (g + 1) * size);
        auto best = descending(of, std::min(2, size));
        group[g] = r.bias.empty() || size < 2 ? of[best[0]] : of[best[0]] + of[best[1]];
    }
    auto kept = descending(group, r.topk_group);
    std::vector<int> members;
    for (int g : kept)
        for (int i = 0; i < size; i++) members.push_back(g * size + i);
    std::sort(members.begin(), members.end());
    std::vector<float> of_members;
    for (int e : members) of_members.push_back(by[e]);
    double total = 0;
    size_t first = r.ids.size();
    for (int i : descending(of_members, r.topk)) {
        r.ids.push_back(members[i]);
        r.weights.push_back(score[members[i]]);
        total += score[members[i]];
    }
    for (size_t j = first; j < r.ids.size(); j++) r.weights[j] = (r.renormalize ? r.weights[j] / static_cast<float>(total + 1e-20) : r.weights[j]) * r.factor;
}

inline Router router(int experts, int topk, int type, int tokens, int groups, bool biased, int scoring, bool renormalize, std::mt19937_64& random) {
    Router r{experts, topk, type, tokens, groups, groups, scoring, renormalize, renormalize ? 2.5f : 1.0f, {}, {}, {}, {}};
    while (r.topk_group > 1 && (r.topk_group - 1) * (experts / groups) >= topk) r.topk_group--;
    r.logits = values(type, static_cast<size_t>(tokens) * experts, random, false);
    for (int t = 0; t < tokens; t++) {
        for (int i = 0; t % 5 == 0 && i < 3; i++) {  // ties, infinity, NaN
            const float odd[] = {0.5f, -0.0f, 0.0f, -INFINITY, INFINITY, NAN};
            narrow(type, odd[random() % (t % 15 == 0 ? 6 : 4)], &r.logits[(static_cast<size_t>(t) * experts + random() % experts) * bytes_of(type)]);
        }
    }
    for (int e = 0; biased && e < experts; e++) r.bias.push_back(static_cast<float>(random() % 1000) * 1e-3f - 0.5f);
    for (int t = 0; t < tokens; t++) choose(r, t);
    return r;
}

struct TopkRun {
    Buffer<unsigned char> logits;
    Buffer<float> bias, weights;
    Buffer<int> ids;

    explicit TopkRun(const Router& r) : logits(r.logits), bias(r.bias), weights(r.ids.size()), ids(r.ids.size()) {}
    void launch(const Router& r) const {
        driver::run(driver::kernel("topk", "topk"), ceil_div(r.tokens, 4), 1, 128, 16 * (r.experts + r.groups), (const void*)logits.get(), r.type, r.tokens, r.experts,
            r.topk, r.scoring, static_cast<int>(r.renormalize), r.bias.empty() ? (const float*)nullptr : (const float*)bias.get(), r.groups, r.topk_group, r.factor,
            ids.get(), weights.get());
    }
    bool right(const Router& r) const {
        auto got = ids.all();
        auto w = weights.all();
        for (size_t i = 0; i < got.size(); i++) {
            long long off = steps(FP32, reinterpret_cast<unsigned char*>(&w[i]), reinterpret_cast<const unsigned char*>(&r.weights[i]));
            if (got[i] != r.ids[i] || off > 4) {
                std::printf("  slot %zu: expert %d weight %.9g, expected %d %.9g\n", i, got[i], w[i], r.ids[i], r.weights[i]);
                return false;
            }
        }
        return true;
    }
};

}  // namespace reorder
