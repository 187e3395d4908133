package io.sparkmoe.core.contract;

import io.sparkmoe.core.reorder.TensorType;
import java.math.BigDecimal;
import java.math.RoundingMode;

/** Rounding to the element types in exact arithmetic: slow, and by the definition of the formats. */
public final class Exact {
    private Exact() {}

    private static int mantissaBits(TensorType type) {
        return switch (type) {
            case FP32 -> 23;
            case FP16 -> 10;
            case BF16 -> 7;
            case FP8_E4M3FN -> 3;
        };
    }

    private static int smallestExponent(TensorType type) {
        return switch (type) {
            case FP32, BF16 -> -126;
            case FP16 -> -14;
            case FP8_E4M3FN -> -6;
        };
    }

    private static double largest(TensorType type) {
        return switch (type) {
            case FP32 -> Float.MAX_VALUE;
            case FP16 -> 65504;
            case BF16 -> 0x1.fep127;
            case FP8_E4M3FN -> 448;
        };
    }

    /** To nearest, ties to even; too large values become infinite, in e4m3fn the largest. */
    public static float round(TensorType type, BigDecimal value) {
        BigDecimal magnitude = value.abs();
        // Where doubleValue() rounds up to a power of two, so does the result.
        int exponent = Math.max(Math.getExponent(magnitude.doubleValue()), smallestExponent(type));
        int step = exponent - mantissaBits(type);
        BigDecimal rounded = magnitude
                .multiply(new BigDecimal(Math.scalb(1.0, -step)))
                .setScale(0, RoundingMode.HALF_EVEN)
                .multiply(new BigDecimal(Math.scalb(1.0, step)));
        double result = rounded.doubleValue();
        if (result > largest(type)) {
            result = type == TensorType.FP8_E4M3FN ? largest(type) : Double.POSITIVE_INFINITY;
        }
        return (float) (value.signum() < 0 ? -result : result);
    }

    /** As above for any double: NaN stays, infinity is too large, zeros keep their sign. */
    public static float round(TensorType type, double value) {
        if (Double.isNaN(value) || value == 0) {
            return (float) value;
        }
        if (Double.isInfinite(value)) {
            return (float) (type == TensorType.FP8_E4M3FN ? Math.copySign(largest(type), value) : value);
        }
        return Math.copySign(round(type, new BigDecimal(value)), (float) Math.signum(value));
    }

    /** a * b + c of values of the type, rounded once. */
    public static float fma(TensorType type, float a, float b, float c) {
        double sum = (double) a * b + c;
        if (!Double.isFinite(sum)) {
            return (float) sum;
        }
        BigDecimal exact = new BigDecimal(a).multiply(new BigDecimal(b)).add(new BigDecimal(c));
        return exact.signum() == 0 ? (float) sum : Math.copySign(round(type, exact), exact.signum());
    }
}
