// Batches for the reorder kernels, and what plain loops make of them.
#pragma once
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_fp8.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <random>
#include <string>
#include <vector>

namespace reorder {

enum Type { FP32 = 1, FP16, BF16, FP8 };
enum Mode { NO_SCALES, PER_EXPERT, PER_TOKEN, ONE_SCALE };
enum Sum { FP32_SUM, W16, FMA16, FMA16_SCALED };

inline int bytes_of(int type) { return type == FP32 ? 4 : type == FP8 ? 1 : 2; }

using Bytes = std::vector<unsigned char>;

inline float widen(int type, const unsigned char* at) {
    uint16_t v;
    uint32_t w;
    std::memcpy(&v, at, type == FP8 ? 1 : 2);
    if (type == FP16) return __half2float(__half(__half_raw{v}));
    if (type == FP8) return __half2float(__half(__nv_cvt_fp8_to_halfraw(*at, __NV_E4M3)));
    if (type == BF16) w = static_cast<uint32_t>(v) << 16;
    else std::memcpy(&w, at, 4);
    float f;
    std::memcpy(&f, &w, 4);
    return f;
}

inline void narrow(int type, float f, unsigned char* at) {
    uint32_t w = 0x7fffffff;
    if (type == FP32) {
        if (f == f) std::memcpy(&w, &f, 4);
        std::memcpy(at, &w, 4);
    } else if (type == FP8) {
        *at = f != f ? 0x7f : __nv_cvt_float_to_fp8(f, __NV_SATFINITE, __NV_E4M3);
    } else {
        uint16_t v = 0x7fff;
        if (f == f) v = type == FP16 ? static_cast<__half_raw>(__float2half_rn(f)).x : static_cast<__nv_bfloat16_raw>(__float2bfloat16_rn(f)).x;
        std::memcpy(at, &v, 2);
    }
}

inline float rounded(int type, float f) {
    unsigned char at[4];
    narrow(type, f, at);
    return widen(type, at);
}

// a * b + c of 16-bit values, exact in 113 bits but for what only decides ties, rounded once.
inline float fma16(int type, float a, float b, float c) {
    if (!std::isfinite(a) || !std::isfinite(b) || !std::isfinite(c)) return rounded(type, static_cast<float>(static_cast<double>(a) * b + c));
    volatile __float128 product = static_cast<__float128>(a) * b, addend = c, sum = product + addend;
    volatile __float128 other = sum - product, error = (product - (sum - other)) + (addend - other);
    if (sum == 0) return std::signbit(a * b) && std::signbit(c) ? -0.0f : 0.0f;
    __float128 magnitude = sum < 0 ? -sum : sum, rest = sum < 0 ? -error : error;
    int exponent, bits = type == FP16 ? 10 : 7, smallest = type == FP16 ? -14 : -126;
    std::frexp(static_cast<double>(magnitude), &exponent);
    exponent = std::max(exponent - 1, smallest) - bits;
    __float128 unit = std::ldexp(1.0, exponent), steps = magnitude / unit;
    double whole = std::floor(static_cast<double>(steps));
    if (whole > steps) whole -= 1;
    __float128 part = steps - whole;
    bool odd = std::fmod(whole, 2) == 1;
    if (part > 0.5 || (part == 0.5 && (rest > 0 || (rest == 0 && odd)))) whole += 1;
    double result = std::ldexp(whole, exponent);
    if (result > (type == FP16 ? 65504.0 : 3.3895313892515355e38)) result = INFINITY;
    return static_cast<float>(sum < 0 ? -result : result);
}

// Rows of all segments back to back; src2dst counts from its segment's first row of the target.
struct Batch {
    int type = FP16, out_type = FP16, hidden = 0, topk = 1, mode = NO_SCALES, first = 0, last = 0x7fffffff;
    std::vector<int> tokens, targets;  // rows of each segment: of tokens, of what src2dst names
    std::vector<int> ids, src2dst;
    std::vector<float> scales, weights;
    std::vector<long long> scale_offsets;
    Bytes in;

    int all_tokens() const { return sum(tokens); }
    int all_targets() const { return sum(targets); }
    int slots() const { return static_cast<int>(ids.size()); }
    int segments() const { return static_cast<int>(tokens.size()); }
    bool selected(int slot) const { return src2dst[slot] >= 0 && ids[slot] >= first && ids[slot] <= last; }

    template <class F>
    void each_slot(F&& f) const {  // (segment, token of the batch, slot, first target row)
        int slot = 0, token = 0, base = 0;
        for (int s = 0; s < segments(); s++) {
            for (int t = 0; t < tokens[s]; t++, token++)
                for (int k = 0; k < topk; k++, slot++) f(s, token, slot, base);
            base += targets[s];
        }
    }
    float scale(int s, int token_of_segment, int slot) const {
        long long list = scale_offsets.size() == 2 ? 0 : s;
        long long index = mode == PER_EXPERT ? ids[slot] - first : mode == PER_TOKEN ? token_of_segment : 0;
        return scales[scale_offsets[list] + index];
    }

  private:
    static int sum(const std::vector<int>& v) {
        int n = 0;
        for (int x : v) n += x;
        return n;
    }
};

// Any bits, a tenth of them; else numbers of middling size.
inline Bytes values(int type, size_t count, std::mt19937_64& random, bool wild = true) {
    Bytes out(count * bytes_of(type));
    for (size_t i = 0; i < count; i++) {
        unsigned char* at = out.data() + i * bytes_of(type);
        uint64_t r = random();
        if (wild && r % 10 == 0) {
            r >>= 8;
            std::memcpy(at, &r, bytes_of(type));
        } else {
            narrow(type, static_cast<float>(static_cast<int>(r >> 40) - (1 << 23)) * 1e-6f, at);
        }
    }
    return out;
}

// src2dst of each segment: a permutation of some of its target rows; experts first and last bound what is selected.
inline Batch batch(int type, int out_type, int hidden, int topk, int mode, std::vector<int> tokens, int experts,
    int spare_rows, std::mt19937_64& random) {
    Batch b;
    b.type = type, b.out_type = out_type, b.hidden = hidden, b.topk = topk, b.mode = mode, b.tokens = tokens;
    if (random() % 2 || mode == PER_EXPERT) b.first = static_cast<int>(random() % experts), b.last = b.first + static_cast<int>(random() % experts);
    for (int n : tokens) {
        int rows = n * topk + spare_rows;
        std::vector<int> order(rows);
        for (int i = 0; i < rows; i++) order[i] = i;
        std::shuffle(order.begin(), order.end(), random);
        for (int i = 0; i < n * topk; i++) {
            b.ids.push_back(random() % 16 == 0 ? -1 : static_cast<int>(random() % experts));
            b.src2dst.push_back(random() % 8 == 0 ? -1 - static_cast<int>(random() % 3) : order[i]);
            b.weights.push_back(static_cast<float>(random() % 2000) / 1000 - 0.7f);
        }
        b.targets.push_back(rows);
    }
    b.scale_offsets.push_back(0);
    bool shared = mode != PER_TOKEN && random() % 2;
    for (int s = 0; s < (shared ? 1 : b.segments()); s++) {
        int count = mode == PER_EXPERT ? b.last - b.first + 1 : mode == PER_TOKEN ? tokens[s] : mode == ONE_SCALE ? 1 : 0;
        for (int i = 0; i < count; i++) b.scales.push_back(0.01f + static_cast<float>(random() % 100000) * 1e-4f);
        b.scale_offsets.push_back(static_cast<long long>(b.scales.size()));
    }
    return b;
}

inline Bytes pre_reference(const Batch& b) {
    int in_bytes = bytes_of(b.type), out_bytes = bytes_of(b.out_type);
    Bytes out(static_cast<size_t>(b.all_targets()) * b.hidden * out_bytes);
    std::vector<int> first_token(b.segments() + 1);
    for (int s = 0; s < b.segments(); s++) first_token[s + 1] = first_token[s] + b.tokens[s];
    b.each_slot([&](int s, int token, int slot, int base) {
        if (!b.selected(slot)) return;
        float reciprocal = b.mode == NO_SCALES ? 1 : 1 / b.scale(s, token - first_token[s], slot);
        const unsigned char* from = b.in.data() + static_cast<size_t>(token) * b.hidden * in_bytes;
        unsigned char* to = out.data() + static_cast<size_t>(base + b.src2dst[slot]) * b.hidden * out_bytes;
        if (b.mode == NO_SCALES && b.type == b.out_type) {
            std::memcpy(to, from, static_cast<size_t>(b.hidden) * in_bytes);
        } else {
            for (int h = 0; h < b.hidden; h++) narrow(b.out_type, widen(b.type, from + h * in_bytes) * reciprocal, to + h * out_bytes);
        }
    });
    return out;
}

inline Bytes post_reference(const Batch& b, int arithmetic, float factor) {
    int bytes = bytes_of(b.type);
    Bytes out(static_cast<size_t>(b.all_tokens()) * b.hidden * bytes);
    std::vector<float> sum(b.hidden);
    bool any = false;
    b.each_slot([&](int, int token, int slot, int base) {
        if (slot % b.topk == 0) std::fill(sum.begin(), sum.end(), 0.0f), any = false;
        if (b.selected(slot)) {
            any = true;
            float weight = arithmetic == FP32_SUM ? b.weights[slot] : rounded(b.type, b.weights[slot]);
            if (arithmetic == FMA16_SCALED) weight = rounded(b.type, weight * factor);
            const unsigned char* from = b.in.data() + static_cast<size_t>(base + b.src2dst[slot]) * b.hidden * bytes;
            for (int h = 0; h < b.hidden; h++) {
                float value = widen(b.type, from + h * bytes);
                sum[h] = arithmetic >= FMA16 ? fma16(b.type, weight, value, sum[h]) : std::fma(weight, value, sum[h]);
            }
        }
        if (slot % b.topk == b.topk - 1)
            for (int h = 0; h < b.hidden; h++)
                narrow(b.type, arithmetic >= FMA16 || !any ? sum[h] : sum[h] * factor, out.data() + (static_cast<size_t>(token) * b.hidden + h) * bytes);
    });
    return out;
}

}  // namespace reorder
