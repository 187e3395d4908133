package io.sparkmoe.core.reorder;

import java.util.Arrays;
import java.util.stream.Collectors;

/**
 * How one element of a tensor lies in memory, little-endian: IEEE binary32 and binary16, bfloat16, and e4m3fn (1 sign, 4
 * exponent with bias 7, 3 mantissa bits; no infinity, NaN is 0x7f and 0xff, largest 448).
 */
public enum TensorType {
    FP32(1, 4, "fp32"),
    FP16(2, 2, "fp16"),
    BF16(3, 2, "bf16"),
    FP8_E4M3FN(4, 1, "fp8_e4m3fn");

    private final int code;
    private final int bytes;
    private final String sqlName;

    TensorType(int code, int bytes, String sqlName) {
        this.code = code;
        this.bytes = bytes;
        this.sqlName = sqlName;
    }

    /** Byte 1 of a packed tensor. */
    public int code() {
        return code;
    }

    /** Bytes of one element: 4, 2 or 1. */
    public int bytes() {
        return bytes;
    }

    /** The name that SQL arguments and messages use. */
    public String sqlName() {
        return sqlName;
    }

    /**
     * The type of a packed tensor.
     *
     * @throws IllegalArgumentException naming the codes there are
     */
    public static TensorType ofCode(int code) {
        for (TensorType type : values()) {
            if (type.code == code) {
                return type;
            }
        }
        throw new IllegalArgumentException("tensor type code " + code + " is none of "
                + Arrays.stream(values())
                        .map(t -> t.code + " (" + t.sqlName + ")")
                        .collect(Collectors.joining(", ")));
    }

    /**
     * Parses a SQL name, in any case.
     *
     * @throws IllegalArgumentException naming the names there are
     */
    public static TensorType parse(String name) {
        for (TensorType type : values()) {
            if (type.sqlName.equalsIgnoreCase(name)) {
                return type;
            }
        }
        throw new IllegalArgumentException("dtype '" + name + "' is none of "
                + Arrays.stream(values()).map(TensorType::sqlName).collect(Collectors.joining(", ")));
    }
}
