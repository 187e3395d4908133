package io.sparkmoe.core.cpu;

/**
 * {@link io.sparkmoe.core.reorder.Conversions} without branches and over bits alone, so that the compiler makes vector
 * instructions of loops over them: a mask (all ones or zero) chooses where a comparison would.
 *
 * <p>"Lifted" are the bits of |v| plus the power of two whose last place is the type's smallest subnormal: that addition
 * rounds subnormals to nearest even.
 */
final class Codes {
    static final float FP16_LIFT = 0.5f;
    static final float E4M3FN_LIFT = 0x1p14f;
    /** fp16 bits put into fp32's places are too small by this. */
    static final float FP16_SCALE = 0x1p112f;

    private static final int INFINITY = 0x7f800000;

    private Codes() {}

    /** All ones where a < b; they may not be further apart than an int. */
    private static int less(int a, int b) {
        return a - b >> 31;
    }

    /** fp32 bits that are an fp16's value divided by {@link #FP16_SCALE}; infinite and NaN where it is. */
    static int fromFp16(int code) {
        int magnitude = code & 0x7fff;
        return (code & 0x8000) << 16 | magnitude << 13 | less(0x7bff, magnitude) & INFINITY;
    }

    static int toFp16(int bits, int lifted) {
        int magnitude = bits & 0x7fffffff;
        int normal = Math.min(magnitude - (112 << 23) + 0xfff + (magnitude >>> 13 & 1) >> 13, 0x7c00);
        int small = less(magnitude, 0x38800000);
        int nan = less(INFINITY, magnitude);
        int code = normal & ~small | lifted - 0x3f000000 & small;
        return (code | bits >>> 16 & 0x8000) & ~nan | 0x7fff & nan;
    }

    static int toBf16(int bits) {
        int nan = less(INFINITY, bits & 0x7fffffff);
        return bits + 0x7fff + (bits >>> 16 & 1) >>> 16 & ~nan | 0x7fff & nan;
    }

    static int toE4m3fn(int bits, int lifted) {
        int magnitude = bits & 0x7fffffff;
        int normal = Math.min(magnitude - (120 << 23) + 0x7ffff + (magnitude >>> 20 & 1) >> 20, 0x7e);
        int small = less(magnitude, 0x3c800000);
        int nan = less(INFINITY, magnitude);
        int code = normal & ~small | lifted - 0x46800000 & small;
        return (code | bits >>> 24 & 0x80) & ~nan | 0x7f & nan;
    }
}
