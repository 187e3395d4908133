package io.sparkmoe.spark.trace;

import org.jspecify.annotations.Nullable;

/** How one expert id lies in a routed_experts payload, little-endian. */
enum PayloadType {
    INT32(4),
    UINT16(2),
    UINT8(1);

    private final int bytes;

    PayloadType(int bytes) {
        this.bytes = bytes;
    }

    int bytes() {
        return bytes;
    }

    /** The type of a routed_experts_dtype; int32 where the record names none. */
    static PayloadType of(@Nullable String dtype) throws BadRecord.Found {
        if (dtype == null) {
            return INT32;
        }
        return switch (dtype.startsWith("torch.") ? dtype.substring("torch.".length()) : dtype) {
            case "int32" -> INT32;
            case "uint16" -> UINT16;
            case "uint8" -> UINT8;
            default ->
                throw new BadRecord.Found(
                        BadReason.UNKNOWN_DTYPE,
                        -1,
                        dtype,
                        "int32, uint16, uint8",
                        "the payload's routed_experts_dtype is not known");
        };
    }
}
