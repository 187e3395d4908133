package io.sparkmoe.core.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkmoe.core.contract.Exact;
import io.sparkmoe.core.reorder.Conversions;
import io.sparkmoe.core.reorder.TensorType;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class Fma16Test {
    private static float value(TensorType type, int code) {
        return type == TensorType.FP16 ? Conversions.fromFp16((short) code) : Conversions.fromBf16((short) code);
    }

    private static void exact(TensorType type, float a, float b, float c) {
        int got = Float.floatToIntBits((float) Fma16.of(type).apply(a, b, c));
        int expected = Float.floatToIntBits(Exact.fma(type, a, b, c));
        if (got != expected) {
            assertThat(got).as("%s * %s + %s", a, b, c).isEqualTo(expected);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"FP16", "BF16"})
    void anyBitsAreRoundedOnce(TensorType type) {
        Random random = new Random(11);
        for (int i = 0; i < 100_000; i++) {
            exact(type, value(type, random.nextInt()), value(type, random.nextInt()), value(type, random.nextInt()));
        }
    }

    /** Exponents near each other, where sums cancel and tie. */
    @ParameterizedTest
    @EnumSource(names = {"FP16", "BF16"})
    void sumsOfOneSizeAreRoundedOnce(TensorType type) {
        Random random = new Random(12);
        int mantissaBits = type == TensorType.FP16 ? 10 : 7;
        int one = type == TensorType.FP16 ? 0x3c00 : 0x3f80;
        for (int i = 0; i < 100_000; i++) {
            float[] v = new float[3];
            for (int j = 0; j < 3; j++) {
                int exponent = random.nextInt(5) - 2;
                int code = one + (exponent << mantissaBits) + random.nextInt(1 << mantissaBits);
                v[j] = value(type, code | random.nextInt(2) << 15);
            }
            exact(type, v[0], v[1], v[2]);
        }
    }

    /** The product lies on a tie of the type, and what decides it lies beyond double's 53 bits. */
    @Test
    void aTieIsDecidedByWhatDoubleCannotHold() {
        float a = 1 + 0x1p-7f;
        float b = 1.5f;
        for (float c : new float[] {0x1p-60f, -0x1p-60f, 0x1p-133f, -0x1p-133f, 0x1p-46f, 0}) {
            exact(TensorType.BF16, a, b, c);
        }
        assertThat((double) a * b).isEqualTo(1.51171875);
        double up = Fma16.of(TensorType.BF16).apply(a, b, 0x1p-60f);
        double down = Fma16.of(TensorType.BF16).apply(a, b, -0x1p-60f);
        assertThat(up).isEqualTo(1.515625);
        assertThat(down).isEqualTo(1.5078125);
    }

    @Test
    void theEndsOfTheRange() {
        for (float c : new float[] {0x1p-24f, -0x1p-24f, 16, -16, 15.9921875f, 0, -0f}) {
            exact(TensorType.FP16, 65504, 1, c);
            exact(TensorType.FP16, -65504, 1, c);
            exact(TensorType.FP16, 0x1p-12f, 0x1p-13f, c);
            exact(TensorType.FP16, 0x1p-24f, 0.5f, c);
            exact(TensorType.FP16, 0x1p-24f, -0.5f, c);
            exact(TensorType.FP16, 0, -1, c);
        }
        exact(TensorType.FP16, 2, 65504, Float.NEGATIVE_INFINITY);
        exact(TensorType.FP16, 0, Float.POSITIVE_INFINITY, 1);
        exact(TensorType.BF16, 0x1.fep127f, 0x1.fep127f, Float.NEGATIVE_INFINITY);
        exact(TensorType.BF16, 0x1p-133f, 0.5f, 0x1p-133f);
        exact(TensorType.BF16, 0x1p-133f, 0x1p-133f, 0);
        exact(TensorType.BF16, 0x1p-133f, -0x1p-133f, -0f);
    }
}
