// Batches to count: segment lengths in awkward patterns, ids in the seven types, some of them odd.
#pragma once
#include <algorithm>
#include <climits>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

enum class Skew { UNIFORM, ZIPF, ONE };

inline uint64_t mix(uint64_t x) {
    x += 0x9e3779b97f4a7c15ull;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
    return x ^ (x >> 31);
}

struct Batch {
    int type;
    std::vector<int> offsets;
    std::vector<int> raw;  // as the kernels see them: sign-extended, masked codes as -1
    int pad;               // bytes before the first id, so that ids are aligned to their own size only

    int segments() const { return static_cast<int>(offsets.size()) - 1; }
    int width() const { return type == 2 ? 4 : type == 1 || type == 4 || type == 6 ? 2 : 1; }
    int longest() const {
        int most = 0;
        for (int s = 0; s < segments(); s++) most = std::max(most, offsets[s + 1] - offsets[s]);
        return most;
    }
    std::vector<unsigned char> bytes() const {
        std::vector<unsigned char> out(pad + raw.size() * width());
        for (size_t i = 0; i < raw.size(); i++) std::memcpy(out.data() + pad + i * width(), &raw[i], width());
        return out;
    }
};

// Whether a value can be written in a type: INT8, INT16, INT32, UINT8, UINT16, UINT8_MASKED, UINT16_MASKED.
inline bool fits(int type, int v) {
    switch (type) {
        case 0: return v >= -128 && v <= 127;
        case 1: return v >= -32768 && v <= 32767;
        case 2: return true;
        case 3: return v >= 0 && v <= 255;
        case 4: return v >= 0 && v <= 65535;
        case 5: return v >= -1 && v <= 254;
        default: return v >= -1 && v <= 65534;
    }
}

inline int odd_id(int experts, uint64_t r) {
    const int odd[] = {-1, -1, -1, -2, experts, experts + 1, 127, 128, 254, 255, 256, -128, -127, 32767, 65535, 65534,
            INT32_MAX, INT32_MIN, INT32_MIN + 1};
    return odd[r % (sizeof(odd) / sizeof(int))];
}

inline Batch make_batch(const std::vector<int>& lengths, int experts, int type, Skew skew, bool odd, uint64_t seed) {
    Batch b{type, {static_cast<int>(seed % 3) * 11}, {}, 0};
    b.pad = static_cast<int>(seed % 5) * b.width();
    std::vector<double> share(experts);
    double sum = 0;
    for (int e = 0; e < experts; e++) share[e] = sum += 1.0 / (1 + (e * 7919ull + seed) % experts);
    for (int n : lengths) {
        for (int i = 0; i < n; i++) {
            uint64_t r = mix(seed * 1000003 + b.raw.size());
            int v = static_cast<int>(r % experts);
            if (skew == Skew::ZIPF)
                v = std::min(experts - 1,
                        static_cast<int>(std::lower_bound(share.begin(), share.end(), (r >> 11) * 0x1p-53 * sum) -
                                         share.begin()));
            if (skew == Skew::ONE) v = static_cast<int>(seed % experts);
            if (odd && (r >> 40) % 8 == 0) v = odd_id(experts, r >> 50);
            b.raw.push_back(fits(type, v) ? v : 0);
        }
        b.offsets.push_back(b.offsets[0] + static_cast<int>(b.raw.size()));
    }
    return b;
}

const char* const PATTERNS[] = {
        "eights", "tens", "mixed_short", "around_32", "around_long", "empty", "one_long", "mixed", "short_after_long"};

inline std::vector<int> lengths(const std::string& pattern, int n) {
    std::vector<int> of;
    for (int s = 0; s < n; s++) {
        uint64_t r = mix(s * 31 + n);
        if (pattern == "eights") of.push_back(8);
        if (pattern == "tens") of.push_back(10);
        if (pattern == "mixed_short") of.push_back(static_cast<int>(r % 24));
        if (pattern == "around_32") of.push_back(static_cast<int>(14 + r % 22));
        if (pattern == "around_long" && s < 40) of.push_back(static_cast<int>(2045 + r % 7));
        if (pattern == "empty") of.push_back(s % 50 == 7 ? 5 : 0);
        if (pattern == "one_long" && s == 0) of.push_back(100003);
        if (pattern == "mixed") of.push_back(static_cast<int>(s % 61 == 0 ? 9001 : s % 7 == 0 ? r % 3000 : r % 40));
        if (pattern == "short_after_long") of.push_back(s == 1 ? 60000 : s == 2 ? 20000 : 8);
    }
    return of;
}
