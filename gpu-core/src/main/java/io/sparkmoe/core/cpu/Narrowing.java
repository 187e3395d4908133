package io.sparkmoe.core.cpu;

/**
 * fp32 to fp16 and e4m3fn as {@link io.sparkmoe.core.reorder.Conversions} has it, without branches and over bits alone, so
 * that the compiler makes vector instructions of it: masks (all ones or zero) choose where comparisons would. Three short
 * loops, because the compiler unrolls a long one too little for that; no Math.min, which stops it too.
 *
 * @param bias what is taken off the fp32 exponent, in fp32's places
 * @param dropped mantissa bits that go
 * @param largest code of what overflows
 * @param smallestNormal fp32 bits; below it the type's values are subnormal
 * @param lift a power of two whose last place is the smallest subnormal: adding it rounds to nearest even
 * @param nan code of NaN
 */
record Narrowing(int bias, int dropped, int largest, int smallestNormal, float lift, int nan) {
    static final Narrowing FP16 = new Narrowing(112 << 23, 13, 0x7c00, 0x38800000, 0.5f, 0x7fff);
    static final Narrowing E4M3FN = new Narrowing(120 << 23, 20, 0x7e, 0x3c800000, 0x1p14f, 0x7f);

    private static final int INFINITY = 0x7f800000;
    private static final int MAGNITUDE = 0x7fffffff;

    /** All ones where a < b; they may not be further apart than an int. */
    static int less(int a, int b) {
        return (a - b) >> 31;
    }

    /**
     * @param bits of the values
     * @param lifted bits of |value| + lift
     */
    void apply(int[] bits, int[] lifted, int[] codes, int n) {
        normal(bits, codes, n);
        subnormal(bits, lifted, codes, n);
        signAndNan(bits, codes, n);
    }

    private void normal(int[] bits, int[] codes, int n) {
        int shift = dropped;
        int roundedDown = (1 << (shift - 1)) - 1 - bias;
        int most = largest;
        for (int i = 0; i < n; i++) {
            int magnitude = bits[i] & MAGNITUDE;
            int code = (magnitude + roundedDown + ((magnitude >> shift) & 1)) >> shift;
            int above = less(most, code);
            codes[i] = (code & ~above) | (most & above);
        }
    }

    private void subnormal(int[] bits, int[] lifted, int[] codes, int n) {
        int normalFrom = smallestNormal;
        int zero = Float.floatToRawIntBits(lift);
        for (int i = 0; i < n; i++) {
            int small = less(bits[i] & MAGNITUDE, normalFrom);
            codes[i] = (codes[i] & ~small) | ((lifted[i] - zero) & small);
        }
    }

    private void signAndNan(int[] bits, int[] codes, int n) {
        int sign = nan + 1;
        int shift = 31 - Integer.numberOfTrailingZeros(sign);
        int ofNan = nan;
        for (int i = 0; i < n; i++) {
            int isNan = less(INFINITY, bits[i] & MAGNITUDE);
            codes[i] = ((codes[i] | ((bits[i] >> shift) & sign)) & ~isNan) | (ofNan & isNan);
        }
    }
}
