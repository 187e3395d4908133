// Values of the four element types, for every device: how they become fp32 and how fp32 becomes them.
//
// Rounding is to nearest even, from fp32, once. fp8 is e4m3fn and saturates at 448, infinity too. A NaN becomes the one
// that the conversion instructions of compute capability 9.0 give: 0x7fff in 16 bits, 0x7f in fp8, 0x7fffffff in fp32.
#pragma once
#include <cuda_fp16.h>

#include <cstdint>

namespace moe {

enum TensorType { FP32 = 1, FP16, BF16, FP8 };

__device__ __forceinline__ int element_bytes(int type) { return type == FP32 ? 4 : type == FP8 ? 1 : 2; }

__device__ __forceinline__ float from_half(uint16_t v) { return __half2float(__ushort_as_half(v)); }

__device__ __forceinline__ float from_bfloat(uint16_t v) { return __uint_as_float(static_cast<uint32_t>(v) << 16); }

__device__ __forceinline__ float from_fp8(uint8_t v) {
    uint32_t sign = static_cast<uint32_t>(v & 0x80) << 24, rest = v & 0x7f;
    float magnitude = rest < 8 ? rest * (1.0f / 512) : __uint_as_float((rest << 20) + (120u << 23));
    return rest == 0x7f ? __uint_as_float(0x7fffffff) : __uint_as_float(sign | __float_as_uint(magnitude));
}

__device__ __forceinline__ uint16_t to_half(float v) { return __half_as_ushort(__float2half_rn(v)); }

__device__ __forceinline__ uint16_t to_bfloat(float v) {
    uint32_t bits = __float_as_uint(v);
    uint32_t rounded = (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
    return (bits & 0x7fffffff) > 0x7f800000 ? 0x7fff : static_cast<uint16_t>(rounded);
}

__device__ __forceinline__ uint8_t to_fp8(float v) {
    uint32_t bits = __float_as_uint(v), magnitude = bits & 0x7fffffff, sign = bits >> 24 & 0x80;
    if (magnitude > 0x7f800000) {
        return 0x7f;
    }
    uint32_t code = magnitude < (121u << 23)  // below 2^-6: steps of 2^-9
        ? __float2int_rn(__fmul_rn(__uint_as_float(magnitude), 512.0f))
        : (magnitude + 0x7ffff + (magnitude >> 20 & 1) - (120u << 23)) >> 20;
    return static_cast<uint8_t>(sign | (code > 0x7e ? 0x7e : code));
}

__device__ __forceinline__ float canonical(float v) { return v == v ? v : __uint_as_float(0x7fffffff); }

// fp32 through 16 bits and back; fp32 stays what it is.
__device__ __forceinline__ float round_to(int type, float v) {
    return type == FP16 ? from_half(to_half(v)) : type == BF16 ? from_bfloat(to_bfloat(v)) : canonical(v);
}

// N values in a row, N = 8 (at an address that is a multiple of their size) or 1.
template <int N>
struct Values {
    float x[N];

    __device__ __forceinline__ void load(const void* from, int type, int64_t at) {
        if (N == 1) {
            x[0] = one(from, type, at);
        } else if (type == FP32) {
            const uint4* p = reinterpret_cast<const uint4*>(static_cast<const float*>(from) + at);
            unpack32(__ldg(p), 0);
            unpack32(__ldg(p + 1), 4);
        } else if (type == FP8) {
            unpack8(__ldg(reinterpret_cast<const uint2*>(static_cast<const uint8_t*>(from) + at)));
        } else {
            unpack16(__ldg(reinterpret_cast<const uint4*>(static_cast<const uint16_t*>(from) + at)), type);
        }
    }

    __device__ __forceinline__ void store(void* to, int type, int64_t at) const {
        if (N == 1) {
            put(to, type, at);
        } else if (type == FP32) {
            uint4* p = reinterpret_cast<uint4*>(static_cast<float*>(to) + at);
            p[0] = pack32(0);
            p[1] = pack32(4);
        } else if (type == FP8) {
            *reinterpret_cast<uint2*>(static_cast<uint8_t*>(to) + at) = pack8();
        } else {
            *reinterpret_cast<uint4*>(static_cast<uint16_t*>(to) + at) = pack16(type);
        }
    }

  private:
    static constexpr int HALF = N / 2;

    __device__ __forceinline__ static float one(const void* from, int type, int64_t at) {
        switch (type) {
            case FP32: return __ldg(static_cast<const float*>(from) + at);
            case FP16: return from_half(__ldg(static_cast<const uint16_t*>(from) + at));
            case BF16: return from_bfloat(__ldg(static_cast<const uint16_t*>(from) + at));
            default: return from_fp8(__ldg(static_cast<const uint8_t*>(from) + at));
        }
    }
    __device__ __forceinline__ void put(void* to, int type, int64_t at) const {
        switch (type) {
            case FP32: static_cast<float*>(to)[at] = canonical(x[0]); break;
            case FP16: static_cast<uint16_t*>(to)[at] = to_half(x[0]); break;
            case BF16: static_cast<uint16_t*>(to)[at] = to_bfloat(x[0]); break;
            default: static_cast<uint8_t*>(to)[at] = to_fp8(x[0]);
        }
    }
    __device__ __forceinline__ void unpack32(uint4 v, int at) {
        x[at % N] = __uint_as_float(v.x);
        x[(at + 1) % N] = __uint_as_float(v.y);
        x[(at + 2) % N] = __uint_as_float(v.z);
        x[(at + 3) % N] = __uint_as_float(v.w);
    }
    __device__ __forceinline__ void unpack16(uint4 v, int type) {
        const uint32_t words[4] = {v.x, v.y, v.z, v.w};
#pragma unroll
        for (int i = 0; i < HALF; i++) {
            uint16_t low = words[i] & 0xffff, high = words[i] >> 16;
            x[2 * i] = type == FP16 ? from_half(low) : from_bfloat(low);
            x[2 * i + 1] = type == FP16 ? from_half(high) : from_bfloat(high);
        }
    }
    __device__ __forceinline__ void unpack8(uint2 v) {
#pragma unroll
        for (int i = 0; i < N; i++) {
            x[i] = from_fp8(((i < 4 ? v.x : v.y) >> (i % 4 * 8)) & 0xff);
        }
    }
    __device__ __forceinline__ uint4 pack32(int at) const {
        return make_uint4(__float_as_uint(canonical(x[at % N])), __float_as_uint(canonical(x[(at + 1) % N])),
            __float_as_uint(canonical(x[(at + 2) % N])), __float_as_uint(canonical(x[(at + 3) % N])));
    }
    __device__ __forceinline__ uint4 pack16(int type) const {
        uint32_t words[4] = {};
#pragma unroll
        for (int i = 0; i < HALF; i++) {
            uint32_t low = type == FP16 ? to_half(x[2 * i]) : to_bfloat(x[2 * i]);
            uint32_t high = type == FP16 ? to_half(x[2 * i + 1]) : to_bfloat(x[2 * i + 1]);
            words[i] = low | high << 16;
        }
        return make_uint4(words[0], words[1], words[2], words[3]);
    }
    __device__ __forceinline__ uint2 pack8() const {
        uint32_t words[2] = {};
#pragma unroll
        for (int i = 0; i < N; i++) {
            words[i / 4] |= static_cast<uint32_t>(to_fp8(x[i])) << (i % 4 * 8);
        }
        return make_uint2(words[0], words[1]);
    }
};

// Whether rows of `bytes` bytes at `p` all begin at a multiple of 16.
__device__ __forceinline__ bool aligned16(const void* p, int64_t bytes) {
    return ((reinterpret_cast<uint64_t>(p) | static_cast<uint64_t>(bytes)) & 15) == 0;
}

}  // namespace moe
