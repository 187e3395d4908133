package io.sparkmoe.core.reorder;

import io.sparkmoe.core.routing.Memory;

/**
 * fp32 to and from the narrower types, bit for bit what the device's conversions give: round to nearest even, subnormals
 * and -0 kept. fp16 and bf16 overflow to infinity, e4m3fn saturates at 448 (infinity too). NaN becomes the canonical NaN:
 * fp32 0x7fffffff, fp16 and bf16 0x7fff, e4m3fn 0x7f.
 */
public final class Conversions {
    private static final int CANONICAL_NAN = 0x7fffffff;

    /** Larger fp32 values (as bits without sign) round to more than the largest e4m3fn, 448, and saturate. */
    private static final int E4M3FN_LARGEST = 0x43e00000;

    private static final int E4M3FN_SMALLEST_NORMAL = 0x3c800000;
    private static final int FP16_INFINITE_FROM = 0x477ff000;
    private static final int FP16_SMALLEST_NORMAL = 0x38800000;

    private Conversions() {}

    /** The bits of an fp32 result. */
    public static int fp32Bits(float value) {
        return Float.isNaN(value) ? CANONICAL_NAN : Float.floatToRawIntBits(value);
    }

    public static short toFp16(float value) {
        int bits = Float.floatToRawIntBits(value);
        int sign = (bits >>> 16) & 0x8000;
        int magnitude = bits & 0x7fffffff;
        if (magnitude > 0x7f800000) {
            return 0x7fff;
        }
        if (magnitude >= FP16_INFINITE_FROM) {
            return (short) (sign | 0x7c00);
        }
        if (magnitude < FP16_SMALLEST_NORMAL) {
            // Adding 0.5 leaves the multiple of 2^-24, rounded to nearest even, in the low bits.
            int code = Float.floatToRawIntBits(Float.intBitsToFloat(magnitude) + 0.5f) - 0x3f000000;
            return (short) (sign | code);
        }
        // The exponent's bias goes from 127 to 15, and 13 bits go by rounding.
        int code = (magnitude - (112 << 23) + 0xfff + ((magnitude >>> 13) & 1)) >>> 13;
        return (short) (sign | code);
    }

    public static float fromFp16(short code) {
        int sign = (code & 0x8000) << 16;
        int magnitude = code & 0x7fff;
        if (magnitude >= 0x7c00) {
            return Float.intBitsToFloat(magnitude > 0x7c00 ? CANONICAL_NAN : sign | 0x7f800000);
        }
        // 2^112 moves the exponent's bias from 15 to 127; exact, also for subnormals.
        float value = Float.intBitsToFloat(magnitude << 13) * 0x1p112f;
        return Float.intBitsToFloat(sign | Float.floatToRawIntBits(value));
    }

    public static short toBf16(float value) {
        int bits = Float.floatToRawIntBits(value);
        if ((bits & 0x7fffffff) > 0x7f800000) {
            return 0x7fff;
        }
        return (short) ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16);
    }

    public static float fromBf16(short code) {
        return Float.intBitsToFloat(code << 16);
    }

    public static byte toE4m3fn(float value) {
        int bits = Float.floatToRawIntBits(value);
        int sign = (bits >>> 24) & 0x80;
        int magnitude = bits & 0x7fffffff;
        if (magnitude > 0x7f800000) {
            return 0x7f;
        }
        if (magnitude >= E4M3FN_LARGEST) {
            return (byte) (sign | 0x7e);
        }
        if (magnitude < E4M3FN_SMALLEST_NORMAL) {
            // Adding 2^14 leaves the multiple of 2^-9, rounded to nearest even, in the low bits.
            int code = Float.floatToRawIntBits(Float.intBitsToFloat(magnitude) + 0x1p14f) - 0x46800000;
            return (byte) (sign | code);
        }
        int code = (magnitude - (120 << 23) + 0x7ffff + ((magnitude >>> 20) & 1)) >>> 20;
        return (byte) (sign | code);
    }

    public static float fromE4m3fn(byte code) {
        int sign = (code & 0x80) << 24;
        int magnitude = code & 0x7f;
        if (magnitude == 0x7f) {
            return Float.intBitsToFloat(CANONICAL_NAN);
        }
        float value = Float.intBitsToFloat(magnitude << 20) * 0x1p120f;
        return Float.intBitsToFloat(sign | Float.floatToRawIntBits(value));
    }

    /** One element, widened. */
    public static float read(TensorType type, long address) {
        return switch (type) {
            case FP32 -> Float.intBitsToFloat(Memory.getInt(address));
            case FP16 -> fromFp16(Memory.getShort(address));
            case BF16 -> fromBf16(Memory.getShort(address));
            case FP8_E4M3FN -> fromE4m3fn(Memory.getByte(address));
        };
    }

    /** One element, rounded. */
    public static void write(TensorType type, float value, long address) {
        switch (type) {
            case FP32 -> Memory.putInt(address, fp32Bits(value));
            case FP16 -> Memory.putShort(address, toFp16(value));
            case BF16 -> Memory.putShort(address, toBf16(value));
            case FP8_E4M3FN -> Memory.putByte(address, toE4m3fn(value));
        }
    }
}
