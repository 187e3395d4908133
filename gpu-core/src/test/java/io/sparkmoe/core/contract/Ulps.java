package io.sparkmoe.core.contract;

import io.sparkmoe.core.reorder.TensorType;

/** Distances in units in the last place. */
final class Ulps {
    private Ulps() {}

    /** How many values of the type lie between two, by their bits; -0 and +0 are one value, NaN is far from every number. */
    static long between(TensorType type, int left, int right) {
        return left == right ? 0 : Math.abs(rank(type, left) - rank(type, right));
    }

    static long between(float left, float right) {
        return between(TensorType.FP32, Float.floatToIntBits(left), Float.floatToIntBits(right));
    }

    private static long rank(TensorType type, int code) {
        int magnitudeBits = 8 * type.bytes() - 1;
        long magnitude = code & ((1L << magnitudeBits) - 1);
        long infinity = switch (type) {
            case FP32 -> 0x7f800000L;
            case FP16 -> 0x7c00;
            case BF16 -> 0x7f80;
            case FP8_E4M3FN -> 0x7e;
        };
        if (magnitude > infinity) {
            return Long.MAX_VALUE / 4;
        }
        return ((code >>> magnitudeBits) & 1) == 0 ? magnitude : -magnitude;
    }
}
