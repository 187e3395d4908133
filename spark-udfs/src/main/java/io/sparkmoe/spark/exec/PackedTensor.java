package io.sparkmoe.spark.exec;

import io.sparkmoe.core.reorder.TensorType;
import io.sparkmoe.core.routing.MalformedRoutingException;
import org.apache.spark.unsafe.Platform;
import org.jspecify.annotations.Nullable;

/**
 * The header of a packed tensor, version 1: byte 0 = 0xE2; byte 1 = the type's code; bytes 2-3 = 0; bytes 4-7 = last_dim,
 * uint32 little-endian; then the values, row-major, little-endian.
 */
final class PackedTensor {
    static final int HEADER_BYTES = 8;
    private static final int MAGIC = 0xE2;
    private static final int MAGIC_IDS = 0xE1;

    private PackedTensor() {}

    /** The type that byte 1 names, or null. */
    static @Nullable TensorType type(byte code) {
        for (TensorType type : TensorType.values()) {
            if (type.code() == code) {
                return type;
            }
        }
        return null;
    }

    /**
     * Reads and checks a header.
     *
     * @param base what the bytes lie in, as Spark's Platform takes it
     * @param lastDim what last_dim must be; 0: anything from 1 on
     * @param name of the parameter, for messages
     * @throws MalformedRoutingException naming the row and what to do
     */
    static TensorType check(@Nullable Object base, long offset, int size, int lastDim, String name, long row) {
        if (size < HEADER_BYTES) {
            throw malformed(row, name + " has " + size + " bytes, and the header of a packed tensor alone has 8");
        }
        int magic = Platform.getByte(base, offset) & 0xff;
        if (magic != MAGIC) {
            String seen = magic == MAGIC_IDS ? "these are packed ids (moe_pack_ids)" : String.format("0x%02X", magic);
            throw malformed(row, name + " is not a packed tensor: byte 0 must be 0xE2, got " + seen);
        }
        TensorType type = type(Platform.getByte(base, offset + 1));
        if (type == null) {
            throw malformed(
                    row,
                    name + " has the unknown dtype code " + (Platform.getByte(base, offset + 1) & 0xff)
                            + ": 1 is fp32, 2 fp16, 3 bf16, 4 fp8_e4m3fn");
        }
        if (Platform.getShort(base, offset + 2) != 0) {
            throw malformed(row, name + " is not a packed tensor of version 1: bytes 2 and 3 must be 0");
        }
        long own = Platform.getInt(base, offset + 4) & 0xffffffffL;
        if (own == 0 || (lastDim != 0 && own != lastDim)) {
            throw malformed(
                    row,
                    name + " has last_dim " + own + ", and the call says "
                            + (lastDim == 0 ? "nothing, so that it must be at least 1" : lastDim));
        }
        long bytes = size - HEADER_BYTES;
        if (bytes % (own * type.bytes()) != 0) {
            throw malformed(
                    row,
                    name + " has " + bytes + " bytes of values, not a multiple of last_dim " + own + " times the "
                            + type.bytes() + " bytes of " + type.sqlName());
        }
        return type;
    }

    /** Writes a header to an array. */
    static void header(byte[] to, TensorType type, int lastDim) {
        to[0] = (byte) MAGIC;
        to[1] = (byte) type.code();
        for (int i = 0; i < 4; i++) {
            to[4 + i] = (byte) (lastDim >>> 8 * i);
        }
    }

    private static MalformedRoutingException malformed(long row, String what) {
        return new MalformedRoutingException(
                row,
                -1,
                "row " + row + ": " + what + ". Make tensors with moe_pack_tensor(array, dtype, last_dim), or pass an "
                        + "array<float>.");
    }
}
