package io.sparkmoe.spark.sql;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** The element types of tensors restated by their definitions: a code's value by formula, rounding by looking at all codes. */
enum NarrowFloats {
    FP32(1, 4, 0, 0),
    FP16(2, 2, 5, 10),
    BF16(3, 2, 8, 7),
    FP8_E4M3FN(4, 1, 4, 3);

    private final int code;
    private final int bytes;
    private final int exponentBits;
    private final int mantissaBits;

    NarrowFloats(int code, int bytes, int exponentBits, int mantissaBits) {
        this.code = code;
        this.bytes = bytes;
        this.exponentBits = exponentBits;
        this.mantissaBits = mantissaBits;
    }

    String sql() {
        return name().toLowerCase(java.util.Locale.ROOT);
    }

    /** Value of a code without sign. */
    private double value(int magnitude) {
        int bias = (1 << (exponentBits - 1)) - 1;
        int exponent = magnitude >> mantissaBits;
        double fraction = (magnitude & ((1 << mantissaBits) - 1)) / (double) (1 << mantissaBits);
        return exponent == 0 ? fraction * Math.pow(2, 1 - bias) : (1 + fraction) * Math.pow(2, exponent - bias);
    }

    /** The largest finite code without sign. */
    private int largest() {
        return this == FP8_E4M3FN ? 0x7e : ((1 << exponentBits) - 1 << mantissaBits) - 1;
    }

    /** The code nearest to a value, of two equally near the even one. */
    int encode(float x) {
        if (this == FP32) {
            return Float.floatToRawIntBits(x);
        }
        if (Float.isNaN(x)) {
            return this == FP8_E4M3FN ? 0x7f : 0x7fff;
        }
        int sign = Float.floatToRawIntBits(x) >>> 31 << (8 * bytes - 1);
        double magnitude = Math.abs((double) x);
        int low = 0;
        int high = largest() + 1;
        while (high - low > 1) {
            int middle = (low + high) >>> 1;
            if (value(middle) <= magnitude) {
                low = middle;
            } else {
                high = middle;
            }
        }
        if (this == FP8_E4M3FN && low == largest()) {
            return sign | low;
        }
        double below = magnitude - value(low);
        double above = value(low + 1) - magnitude;
        boolean up = above < below || (above == below && (low & 1) == 1);
        return sign | (up ? low + 1 : low);
    }

    float decode(int bits) {
        if (this == FP32) {
            return Float.intBitsToFloat(bits);
        }
        int signBit = 1 << (8 * bytes - 1);
        int magnitude = bits & (signBit - 1);
        boolean special = this == FP8_E4M3FN ? magnitude == 0x7f : magnitude > largest();
        double value = !special
                ? value(magnitude)
                : this != FP8_E4M3FN && magnitude == largest() + 1 ? Double.POSITIVE_INFINITY : Double.NaN;
        return (float) ((bits & signBit) == 0 ? value : -value);
    }

    float round(float x) {
        return decode(encode(x));
    }

    /** A packed tensor. */
    byte[] pack(float[] values, int lastDim) {
        ByteBuffer out = ByteBuffer.allocate(8 + values.length * bytes).order(ByteOrder.LITTLE_ENDIAN);
        out.put((byte) 0xE2).put((byte) code).putShort((short) 0).putInt(lastDim);
        for (float v : values) {
            int bits = encode(v);
            switch (bytes) {
                case 1 -> out.put((byte) bits);
                case 2 -> out.putShort((short) bits);
                default -> out.putInt(bits);
            }
        }
        return out.array();
    }

    /** The values of a packed tensor of any type. */
    static float[] unpack(byte[] packed) {
        ByteBuffer in = ByteBuffer.wrap(packed).order(ByteOrder.LITTLE_ENDIAN);
        NarrowFloats type = values()[packed[1] - 1];
        float[] out = new float[(packed.length - 8) / type.bytes];
        in.position(8);
        for (int i = 0; i < out.length; i++) {
            out[i] = type.decode(
                    type.bytes == 1 ? in.get() & 0xff : type.bytes == 2 ? in.getShort() & 0xffff : in.getInt());
        }
        return out;
    }
}
