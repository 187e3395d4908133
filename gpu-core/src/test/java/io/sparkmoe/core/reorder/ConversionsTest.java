package io.sparkmoe.core.reorder;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkmoe.core.contract.Exact;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ConversionsTest {
    private static int codes(TensorType type) {
        return 1 << (8 * type.bytes());
    }

    private static int narrow(TensorType type, float v) {
        return switch (type) {
            case FP16 -> Conversions.toFp16(v) & 0xffff;
            case BF16 -> Conversions.toBf16(v) & 0xffff;
            case FP8_E4M3FN -> Conversions.toE4m3fn(v) & 0xff;
            case FP32 -> Conversions.fp32Bits(v);
        };
    }

    private static float widen(TensorType type, int code) {
        return switch (type) {
            case FP16 -> Conversions.fromFp16((short) code);
            case BF16 -> Conversions.fromBf16((short) code);
            case FP8_E4M3FN -> Conversions.fromE4m3fn((byte) code);
            case FP32 -> Float.intBitsToFloat(code);
        };
    }

    private static void narrowsExactly(TensorType type, float v) {
        int code = narrow(type, v);
        int expected =
                Float.isNaN(v) ? type == TensorType.FP8_E4M3FN ? 0x7f : 0x7fff : codeOf(type, Exact.round(type, v));
        if (code != expected) {
            assertThat(code).as("%s (%h)", v, Float.floatToRawIntBits(v)).isEqualTo(expected);
        }
    }

    /** The code that widens to a value, sign of zero included; -1 if none does. */
    private static int codeOf(TensorType type, float v) {
        int sign = Float.floatToRawIntBits(v) < 0 ? codes(type) / 2 : 0;
        int low = 0;
        int high = codes(type) / 2 - 1;
        while (low < high) {
            int middle = (low + high) / 2;
            if (widen(type, middle) < Math.abs(v)) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return widen(type, low) == Math.abs(v) ? low | sign : -1;
    }

    /** Every tie between neighbours and what lies just beside it. */
    @ParameterizedTest
    @EnumSource(names = {"FP16", "BF16", "FP8_E4M3FN"})
    void everyTieRoundsToEven(TensorType type) {
        for (int code = 0; code < codes(type); code++) {
            float v = widen(type, code);
            float next = widen(type, (code + 1) % codes(type));
            float tie = (float) (((double) v + next) / 2);
            for (float at : new float[] {tie, Math.nextUp(tie), Math.nextDown(tie)}) {
                narrowsExactly(type, at);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"FP16", "BF16", "FP8_E4M3FN"})
    void anyFloatRoundsToNearest(TensorType type) {
        Random random = new Random(7);
        for (int i = 0; i < 50_000; i++) {
            narrowsExactly(type, Float.intBitsToFloat(random.nextInt()));
        }
        for (float v :
                new float[] {Float.MAX_VALUE, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, Float.MIN_VALUE, -0f}) {
            narrowsExactly(type, v);
        }
    }

    /** A value of the type is itself; NaN becomes the canonical one. */
    @ParameterizedTest
    @EnumSource(names = {"FP16", "BF16", "FP8_E4M3FN"})
    void everyCodeIsItself(TensorType type) {
        for (int code = 0; code < codes(type); code++) {
            float v = widen(type, code);
            int expected = !Float.isNaN(v) ? code : type == TensorType.FP8_E4M3FN ? 0x7f : 0x7fff;
            if (narrow(type, v) != expected) {
                assertThat(narrow(type, v)).isEqualTo(expected);
            }
        }
    }

    @Test
    void formatsMeanWhatTheyMean() {
        assertThat(Conversions.fromFp16((short) 0x3555)).isEqualTo(0.333251953125f);
        assertThat(Conversions.fromFp16((short) 0x8001)).isEqualTo(-0x1p-24f);
        assertThat(Conversions.fromFp16((short) 0x7bff)).isEqualTo(65504);
        assertThat(Conversions.fromFp16((short) 0xfc00)).isEqualTo(Float.NEGATIVE_INFINITY);
        assertThat(Conversions.fromBf16((short) 0x4049)).isEqualTo(3.140625f);
        assertThat(Conversions.fromE4m3fn((byte) 0x7e)).isEqualTo(448);
        assertThat(Conversions.fromE4m3fn((byte) 0x81)).isEqualTo(-0x1p-9f);
        assertThat(Conversions.toE4m3fn(Float.NEGATIVE_INFINITY)).isEqualTo((byte) 0xfe);
        assertThat(Conversions.toFp16(Math.nextDown(65520f))).isEqualTo((short) 0x7bff);
        assertThat(Conversions.toFp16(65520)).isEqualTo((short) 0x7c00);
        assertThat(Conversions.fp32Bits(Float.intBitsToFloat(0xffc00001))).isEqualTo(0x7fffffff);
    }
}
