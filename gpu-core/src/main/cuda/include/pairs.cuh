// Two 16-bit values in a word, by the conversions of compute capability 9.0: the hot kernels' way through fp32.
#pragma once
#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <cstdint>

namespace moe {

struct Fp16 {
    __device__ __forceinline__ static float2 wide(uint32_t v) { return __half22float2(reinterpret_cast<const __half2&>(v)); }
    __device__ __forceinline__ static uint32_t narrow(float low, float high) {
        __half2 h = __floats2half2_rn(low, high);
        return reinterpret_cast<const uint32_t&>(h);
    }
    __device__ __forceinline__ static uint32_t fma(uint32_t a, uint32_t b, uint32_t c) {
        __half2 h = __hfma2(reinterpret_cast<const __half2&>(a), reinterpret_cast<const __half2&>(b),
            reinterpret_cast<const __half2&>(c));
        return reinterpret_cast<const uint32_t&>(h);
    }
    // Of a pair, as e4m3fn.
    __device__ __forceinline__ static uint32_t fp8(uint32_t v) {
        uint16_t r;
        asm("cvt.rn.satfinite.e4m3x2.f16x2 %0, %1;" : "=h"(r) : "r"(v));
        return r;
    }
};

__device__ __forceinline__ uint32_t fp8_of(float low, float high) {
    uint16_t r;
    asm("cvt.rn.satfinite.e4m3x2.f32 %0, %1, %2;" : "=h"(r) : "f"(high), "f"(low));
    return r;
}

struct Bf16 {
    __device__ __forceinline__ static float2 wide(uint32_t v) {
        return make_float2(__uint_as_float(v << 16), __uint_as_float(v & 0xffff0000));
    }
    __device__ __forceinline__ static uint32_t narrow(float low, float high) {
        __nv_bfloat162 h = __floats2bfloat162_rn(low, high);
        return reinterpret_cast<const uint32_t&>(h);
    }
    __device__ __forceinline__ static uint32_t fma(uint32_t a, uint32_t b, uint32_t c) {
        __nv_bfloat162 h = __hfma2(reinterpret_cast<const __nv_bfloat162&>(a),
            reinterpret_cast<const __nv_bfloat162&>(b), reinterpret_cast<const __nv_bfloat162&>(c));
        return reinterpret_cast<const uint32_t&>(h);
    }
    __device__ __forceinline__ static uint32_t fp8(uint32_t v) {
        float2 f = wide(v);
        return fp8_of(f.x, f.y);
    }
};

template <class T>
__device__ __forceinline__ uint32_t scaled_pair(uint32_t v, float r) {
    float2 f = T::wide(v);
    return T::narrow(__fmul_rn(f.x, r), __fmul_rn(f.y, r));
}

template <class T>
__device__ __forceinline__ uint32_t scaled_fp8(uint32_t v, float r) {
    float2 f = T::wide(v);
    return fp8_of(__fmul_rn(f.x, r), __fmul_rn(f.y, r));
}

}  // namespace moe
