package io.sparkmoe.core.cpu;

import io.sparkmoe.core.reorder.Conversions;
import io.sparkmoe.core.reorder.TensorType;
import io.sparkmoe.core.routing.Memory;

/** A piece of a row as fp32: read from any type, written as any. Belongs to one call. */
final class Tile {
    /** Elements; all of a tile's arrays together stay in a first-level cache. */
    static final int SIZE = 2048;

    final float[] values = new float[SIZE];
    private final short[] codes = new short[SIZE];
    private final byte[] bytes = new byte[SIZE];

    void read(TensorType type, long address, int count) {
        switch (type) {
            case FP32 -> Memory.copyOut(address, values, Memory.FLOATS, 4L * count);
            case FP16 -> {
                readCodes(address, codes, count);
                for (int i = 0; i < count; i++) {
                    values[i] = Conversions.fromFp16(codes[i]);
                }
            }
            case BF16 -> {
                readCodes(address, codes, count);
                for (int i = 0; i < count; i++) {
                    values[i] = Conversions.fromBf16(codes[i]);
                }
            }
            case FP8_E4M3FN -> throw new IllegalArgumentException("fp8_e4m3fn is a type of results");
        }
    }

    static void readCodes(long address, short[] codes, int count) {
        Memory.copyOut(address, codes, Memory.SHORTS, 2L * count);
    }

    /** Writes the values times a factor, rounded. */
    void write(TensorType type, float factor, long address, int count) {
        switch (type) {
            case FP32 -> {
                for (int i = 0; i < count; i++) {
                    Memory.putInt(address + 4L * i, Conversions.fp32Bits(values[i] * factor));
                }
            }
            case FP16 -> {
                for (int i = 0; i < count; i++) {
                    codes[i] = Conversions.toFp16(values[i] * factor);
                }
                Memory.copy(codes, Memory.SHORTS, address, 2L * count);
            }
            case BF16 -> {
                for (int i = 0; i < count; i++) {
                    codes[i] = Conversions.toBf16(values[i] * factor);
                }
                Memory.copy(codes, Memory.SHORTS, address, 2L * count);
            }
            case FP8_E4M3FN -> {
                for (int i = 0; i < count; i++) {
                    bytes[i] = Conversions.toE4m3fn(values[i] * factor);
                }
                Memory.copy(bytes, Memory.BYTES, address, count);
            }
        }
    }
}
