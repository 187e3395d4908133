package io.sparkmoe.core.cpu;

import io.sparkmoe.core.reorder.Conversions;
import io.sparkmoe.core.reorder.TensorType;
import org.jspecify.annotations.Nullable;

/**
 * The gate of silu_and_mul: x * sigmoid(x), exact up to one rounding to x's type. For the 16-bit types from a table of all
 * values: an exponential costs many times as much as the memory traffic.
 */
final class Gate {
    private final TensorType type;
    private final float @Nullable [] table;
    private final Tile wide = new Tile();

    private Gate(TensorType type, float @Nullable [] table) {
        this.type = type;
        this.table = table;
    }

    static Gate of(TensorType type) {
        return new Gate(
                type,
                switch (type) {
                    case FP16 -> Fp16.TABLE;
                    case BF16 -> Bf16.TABLE;
                    default -> null;
                });
    }

    /** Multiplies ups by their gates. */
    void multiply(long gates, Tile ups, int count) {
        if (table != null) {
            ups.multiply(table, gates, count);
            return;
        }
        wide.read(type, gates, count);
        multiply(wide.even.values, ups.even.values, Tile.half(count));
        multiply(wide.odd.values, ups.odd.values, Tile.half(count));
    }

    private static void multiply(float[] gates, float[] ups, int n) {
        for (int i = 0; i < n; i++) {
            ups[i] *= silu(gates[i]);
        }
    }

    static float silu(float x) {
        return (float) (x / (1 + Math.exp(-(double) x)));
    }

    private static float[] table(TensorType type) {
        float[] table = new float[1 << 16];
        for (int code = 0; code < table.length; code++) {
            float x = type == TensorType.FP16 ? Conversions.fromFp16((short) code) : Conversions.fromBf16((short) code);
            table[code] = Rounding.to(type, silu(x));
        }
        return table;
    }

    /** Made when first asked for. */
    private static final class Fp16 {
        static final float[] TABLE = table(TensorType.FP16);
    }

    /** Made when first asked for. */
    private static final class Bf16 {
        static final float[] TABLE = table(TensorType.BF16);
    }
}
