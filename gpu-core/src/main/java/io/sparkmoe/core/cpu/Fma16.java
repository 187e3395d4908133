package io.sparkmoe.core.cpu;

import io.sparkmoe.core.reorder.TensorType;

/**
 * Fused multiply-add of one 16-bit type, rounded once, on values held as double.
 *
 * <p>The product of two such values has at most 22 bits and is exact in double. The sum need not be: its 53 bits could end
 * on a tie of the 16-bit type that the exact sum only comes near, and rounding again would then go the wrong way. So the sum
 * is rounded to odd (the last bit is 1 wherever something was cut off), after which rounding to fewer bits gives what one
 * rounding of the exact sum gives, as long as two bits lie between (Boldo and Melquiond, Emulation of FMA and correctly
 * rounded sums, 2008): here more than 40 do. What was cut off is known exactly (Knuth's two-sum).
 */
final class Fma16 {
    private final int dropped;
    private final double infiniteFrom;
    private final double smallestNormal;
    private final double toSubnormal;

    private Fma16(int mantissaBits, int largestExponent) {
        dropped = 52 - mantissaBits;
        // Half a step above the largest finite value.
        infiniteFrom = Math.scalb(2 - Math.scalb(0.5, -mantissaBits), largestExponent);
        smallestNormal = Math.scalb(1.0, 1 - largestExponent);
        // Adding this leaves no bits below the subnormals' step.
        toSubnormal = Math.scalb(1.5, 52 + 1 - largestExponent - mantissaBits);
    }

    static Fma16 of(TensorType type) {
        return type == TensorType.FP16 ? new Fma16(10, 15) : new Fma16(7, 127);
    }

    /** a * b + c. */
    double apply(double a, double b, double c) {
        return round(addToOdd(a * b, c));
    }

    static double addToOdd(double a, double b) {
        double sum = a + b;
        double ofB = sum - a;
        double error = (a - (sum - ofB)) + (b - ofB);
        long bits = Double.doubleToRawLongBits(sum);
        // Not for NaN, which the error of an infinite sum is.
        if ((error < 0 || error > 0) && (bits & 1) == 0) {
            return Double.longBitsToDouble(error > 0 == sum > 0 ? bits + 1 : bits - 1);
        }
        return sum;
    }

    private double round(double v) {
        double magnitude = Math.abs(v);
        if (!(magnitude < infiniteFrom)) {
            return v * Double.POSITIVE_INFINITY;
        }
        if (magnitude < smallestNormal) {
            return Math.copySign(magnitude + toSubnormal - toSubnormal, v);
        }
        long bits = Double.doubleToRawLongBits(v);
        long half = 1L << (dropped - 1);
        return Double.longBitsToDouble((bits + (half - 1) + ((bits >>> dropped) & 1)) & -(half << 1));
    }
}
