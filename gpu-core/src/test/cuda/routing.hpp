// A call of an operator on random segments, and what a plain CPU loop makes of it.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <random>
#include <vector>

enum Type { INT8, INT16, INT32, UINT8, UINT16, UINT8_MASKED, UINT16_MASKED };
enum Skew { UNIFORM, ZIPF, ONE };
inline const char* SKEWS[] = {"uniform", "zipf", "one"};

inline int bytes_of(int type) { return type == INT32 ? 4 : type == INT8 || type == UINT8 || type == UINT8_MASKED ? 1 : 2; }
inline int max_id(int type) {
    const int most[] = {127, 32767, 2147483647, 255, 65535, 254, 65534};
    return most[type];
}
inline bool masks(int type) { return type != UINT8 && type != UINT16; }

struct Call {
    int type = INT32, experts = 1, bins = 1, first = 0;
    std::vector<int16_t> table;      // empty: none
    std::vector<int> key_value;      // empty: none
    std::vector<int> offsets{0};     // begins with any number
    std::vector<int> ids;            // raw values
    int segments() const { return static_cast<int>(offsets.size()) - 1; }
    int length(int s) const { return offsets[s + 1] - offsets[s]; }
    const int* segment(int s) const { return ids.data() + (offsets[s] - offsets[0]); }

    // Bin, or bins + cause (masked, invalid, non-local).
    int key(int v) const {
        if (v == -1) return first ? 0 : bins;
        if (v < 0 || v >= experts) return bins + 1;
        if (table.empty()) return v + first;
        return table[v] < 0 ? bins + 2 : table[v] + first;
    }
    // What kernels look up: the keys of -1, of every expert, and of any other value.
    std::vector<uint16_t> keys() const {
        std::vector<uint16_t> out;
        for (int v = -1; !table.empty() && v <= experts; v++) {
            int k = key(v);  // kernels have invalid before masked ones
            out.push_back(static_cast<uint16_t>(k == bins ? bins + 1 : k == bins + 1 ? bins : k));
        }
        return out;
    }
    int value(int bin) const { return key_value.empty() ? bin - first : key_value[bin]; }

    std::vector<unsigned char> packed() const {
        std::vector<unsigned char> out(ids.size() * bytes_of(type));
        for (size_t i = 0; i < ids.size(); i++) std::memcpy(&out[i * bytes_of(type)], &ids[i], bytes_of(type));
        return out;
    }
};

struct Odd {
    double masked = 0, invalid = 0;
};

inline std::vector<double> weights(int experts, Skew skew, std::mt19937_64& random) {
    std::vector<double> w(experts, skew == UNIFORM ? 1.0 : 0.0);
    if (skew == ONE) w[random() % experts] = 1;
    if (skew == ZIPF) {
        std::vector<int> order(experts);
        for (int i = 0; i < experts; i++) order[i] = i;
        std::shuffle(order.begin(), order.end(), random);
        for (int i = 0; i < experts; i++) w[order[i]] = 1.0 / (i + 1);
    }
    return w;
}

// Adds a segment of n ids; ids stay within what the type can write.
inline void add_segment(Call& c, int n, Skew skew, Odd odd, std::mt19937_64& random) {
    int reach = std::min(c.experts, max_id(c.type) == 2147483647 ? c.experts : max_id(c.type) + 1);
    std::vector<double> w = weights(reach, skew, random);
    std::vector<uint16_t> draw(4096);  // a drawn table: fast, and close enough to the weights
    std::discrete_distribution<int> d(w.begin(), w.end());
    for (auto& x : draw) x = static_cast<uint16_t>(d(random));
    for (int i = 0; i < n; i++) {
        uint64_t r = random();
        double u = (r >> 40) * 0x1p-24;
        int v = skew == UNIFORM ? static_cast<int>((r & 0xffffff) % reach) : draw[r & 4095];
        if (u < odd.masked && masks(c.type)) v = -1;
        else if (u > 1 - odd.invalid) {
            bool below = c.type <= INT32 && (r & 1);
            if (below) v = c.type == INT32 ? -2 - static_cast<int>(r >> 34) : -2 - static_cast<int>(r >> 8 & 63);
            else if (max_id(c.type) >= c.experts) v = max_id(c.type) - static_cast<int>((r >> 8) % (max_id(c.type) - c.experts + 1u) & 0xff);
            if (v >= 0 && v < c.experts && !below && max_id(c.type) >= c.experts) v = max_id(c.type);
        }
        c.ids.push_back(v);
    }
    c.offsets.push_back(c.offsets.back() + n);
}

struct AlignWant {
    std::vector<int> sorted, experts, post_pad;
    std::vector<long long> sorted_offsets{0}, expert_offsets{0};
    unsigned long long tally[4] = {};
};

inline AlignWant align_reference(const Call& c, int block) {
    AlignWant w;
    for (int s = 0; s < c.segments(); s++) {
        std::vector<long long> at(c.bins + 4, 0), count(c.bins + 4, 0);
        for (int i = 0; i < c.length(s); i++) count[c.key(c.segment(s)[i])]++;
        long long begin = static_cast<long long>(w.sorted.size()), p = 0;
        for (int k = 0; k < c.bins; k++) {
            long long blocks = (count[k] + block - 1) / block;
            at[k] = begin + p;
            w.experts.insert(w.experts.end(), blocks, c.value(k));
            p += blocks * block;
        }
        for (int k = 0; k < 3; k++) w.tally[k] += count[c.bins + k];
        w.sorted.resize(begin + p, c.length(s));
        for (int i = 0; i < c.length(s); i++) {
            int k = c.key(c.segment(s)[i]);
            if (k < c.bins) w.sorted[at[k]++] = i;
        }
        w.post_pad.push_back(static_cast<int>(p));
        w.sorted_offsets.push_back(w.sorted.size());
        w.expert_offsets.push_back(w.experts.size());
    }
    return w;
}

struct CompactWant {
    std::vector<int> sorted, bin_offsets, out_offsets{0};
    unsigned long long tally[4] = {};
};

inline CompactWant compact_reference(const Call& c) {
    CompactWant w;
    for (int s = 0; s < c.segments(); s++) {
        std::vector<std::vector<int>> bin(c.bins + 3);
        for (int i = 0; i < c.length(s); i++) bin[c.key(c.segment(s)[i])].push_back(i);
        int at = 0;
        for (int k = 0; k < c.bins; k++) {
            w.bin_offsets.push_back(at);
            w.sorted.insert(w.sorted.end(), bin[k].begin(), bin[k].end());
            at += static_cast<int>(bin[k].size());
        }
        w.bin_offsets.push_back(at);
        for (int k = 0; k < 3; k++) w.tally[k] += bin[c.bins + k].size();
        w.out_offsets.push_back(static_cast<int>(w.sorted.size()));
    }
    return w;
}

enum Form { PLAIN, DEEPEP, KMAJOR, PADDED };

struct EpWant {
    std::vector<int> src2dst, topk_ids, order, masked_m, out_offsets{0};
    std::vector<long long> indptr;
    unsigned long long tally[4] = {}, violation = ~0ull;
};

// Straight from the definitions: stable argsort, then the form's numbering.
inline EpWant ep_reference(const Call& c, int form, int topk, int m_max, int segments) {
    EpWant w;
    w.src2dst.assign(c.ids.size(), -1);
    for (int s = 0; s < c.segments(); s++) {
        int n = c.length(s), begin = c.offsets[s] - c.offsets[0], tokens = topk ? n / topk : 0;
        std::vector<std::vector<int>> bin(c.bins + 3);
        for (int i = 0; i < n; i++) bin[c.key(c.segment(s)[i])].push_back(i);
        auto row = [&](int i) { return form == KMAJOR ? i % topk * tokens + i / topk : i; };
        int at = 0, skipped = form == DEEPEP ? 1 : 0;
        if (skipped) {
            for (size_t j = 0; j < bin[0].size(); j++) w.src2dst[begin + bin[0][j]] = static_cast<int>(j) - static_cast<int>(bin[0].size());
            w.tally[0] += bin[0].size();
        }
        std::vector<int> start(c.bins + 1);
        for (int k = skipped; k < c.bins; k++) {
            start[k] = at;
            for (size_t j = 0; j < bin[k].size(); j++) {
                int i = bin[k][j];
                w.src2dst[begin + row(i)] = form == PADDED ? k * m_max + static_cast<int>(j) : at + static_cast<int>(j);
                w.topk_ids.push_back(c.value(k));
                w.order.push_back(row(i));
            }
            at += static_cast<int>(bin[k].size());
        }
        start[c.bins] = at;
        for (int k = 0; k < 3; k++) w.tally[k] += bin[c.bins + k].size();
        for (int e = 0; e <= segments; e++) w.indptr.push_back(e == 0 ? 0 : start[e + c.first]);
        for (int e = 0; form == PADDED && e < segments; e++) {
            w.masked_m.push_back(static_cast<int>(bin[e].size()));
            if (static_cast<int>(bin[e].size()) > m_max) w.violation = std::min(w.violation, static_cast<unsigned long long>(s) << 32 | e);
        }
        w.out_offsets.push_back(static_cast<int>(w.topk_ids.size()));
    }
    return w;
}
