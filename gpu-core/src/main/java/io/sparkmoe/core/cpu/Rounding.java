package io.sparkmoe.core.cpu;

import io.sparkmoe.core.reorder.Conversions;
import io.sparkmoe.core.reorder.TensorType;

/** fp32 values rounded to a type and widened again. */
final class Rounding {
    private Rounding() {}

    static float to(TensorType type, float v) {
        return switch (type) {
            case FP32 -> v;
            case FP16 -> Conversions.fromFp16(Conversions.toFp16(v));
            case BF16 -> Conversions.fromBf16(Conversions.toBf16(v));
            case FP8_E4M3FN -> Conversions.fromE4m3fn(Conversions.toE4m3fn(v));
        };
    }
}
