package io.sparkmoe.core.routing;

/**
 * How one expert id lies in memory, little-endian.
 *
 * <p>The signed types are those of Spark's and Arrow's integer columns: -1 stands for a masked id. The unsigned ones are
 * the packed forms; {@code *_MASKED} says that the all-ones code stands for -1, otherwise it is an ordinary id.
 */
public enum IdType {
    INT8(1, Byte.MAX_VALUE, true),
    INT16(2, Short.MAX_VALUE, true),
    INT32(4, Integer.MAX_VALUE, true),
    UINT8(1, 0xff, false),
    UINT16(2, 0xffff, false),
    UINT8_MASKED(1, 0xfe, true),
    UINT16_MASKED(2, 0xfffe, true);

    private final int bytes;
    private final int maxId;
    private final boolean masks;

    IdType(int bytes, int maxId, boolean masks) {
        this.bytes = bytes;
        this.maxId = maxId;
        this.masks = masks;
    }

    /** Bytes of one id: 1, 2 or 4. */
    public int bytes() {
        return bytes;
    }

    /** The largest id that this type can hold. */
    public int maxId() {
        return maxId;
    }

    /** Whether -1 (masked) can be written in this type. */
    public boolean masks() {
        return masks;
    }

    /** Whether ids below -1 can be written in this type: they are invalid, but have to be seen to be reported. */
    public boolean signed() {
        return this == INT8 || this == INT16 || this == INT32;
    }

    /** Whether every id of another type can be written in this one. */
    public boolean holds(IdType other) {
        return maxId >= other.maxId && (masks || !other.masks) && (signed() || !other.signed());
    }
}
