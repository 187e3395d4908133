package io.sparkmoe.core.routing;

/**
 * Packed ids, version 1: byte 0 = 0xE1; byte 1 = width 1, 2 or 4, plus 0x80 when the all-ones code stands for -1; then
 * the ids, little-endian. The width is the smallest that holds the largest id and, where a -1 is present, leaves
 * all-ones free. An empty list is two bytes.
 */
public final class PackedIds {
    public static final int MAGIC = 0xE1;
    public static final int HEADER_BYTES = 2;
    private static final int MASKED_FLAG = 0x80;

    private PackedIds() {}

    /**
     * Packs ids.
     *
     * @throws MalformedRoutingException for an id below -1, naming its position
     */
    public static byte[] pack(int[] ids, long row) {
        int max = 0;
        boolean masked = false;
        for (int i = 0; i < ids.length; i++) {
            if (ids[i] < -1) {
                throw unpackable(row, i, ids[i]);
            }
            max = Math.max(max, ids[i]);
            masked |= ids[i] == -1;
        }
        int width = width(max, masked);
        long bytes = HEADER_BYTES + (long) ids.length * width;
        if (bytes > Integer.MAX_VALUE) {
            throw MalformedRoutingException.tooLarge(row, "the bytes of the packed ids", bytes);
        }
        byte[] out = new byte[(int) bytes];
        out[0] = (byte) MAGIC;
        out[1] = (byte) (width | (masked ? MASKED_FLAG : 0));
        for (int i = 0, at = HEADER_BYTES; i < ids.length; i++) {
            for (int b = 0; b < width; b++) {
                out[at++] = (byte) (ids[i] >>> (8 * b));
            }
        }
        return out;
    }

    private static int width(int max, boolean masked) {
        int taken = masked ? 1 : 0;
        return max <= 0xff - taken ? 1 : max <= 0xffff - taken ? 2 : 4;
    }

    private static boolean masksByCode(IdType type) {
        return type == IdType.UINT8_MASKED || type == IdType.UINT16_MASKED;
    }

    private static MalformedRoutingException unpackable(long row, int position, int id) {
        return new MalformedRoutingException(
                row,
                position,
                String.format(
                        "row %d, position %d: expert id %d cannot be packed; packed ids are -1 (masked) or 0 and more.",
                        row, position, id));
    }

    /**
     * Reads the header of packed ids.
     *
     * @param length bytes of the whole value
     * @return the type of the ids behind the header
     * @throws MalformedRoutingException when these are not packed ids, naming the row and what was found
     */
    public static IdType type(int byte0, int byte1, long length, long row) {
        if (length < HEADER_BYTES || (byte0 & 0xff) != MAGIC) {
            throw malformed(
                    row,
                    length < HEADER_BYTES
                            ? "it is " + length + " bytes long"
                            : String.format("its first byte is 0x%02X", byte0 & 0xff));
        }
        boolean masked = (byte1 & MASKED_FLAG) != 0;
        IdType type = switch (byte1 & 0x7f) {
            case 1 -> masked ? IdType.UINT8_MASKED : IdType.UINT8;
            case 2 -> masked ? IdType.UINT16_MASKED : IdType.UINT16;
            case 4 -> IdType.INT32;
            default -> throw malformed(row, String.format("its width byte is 0x%02X", byte1 & 0xff));
        };
        if ((length - HEADER_BYTES) % type.bytes() != 0) {
            throw malformed(
                    row, (length - HEADER_BYTES) + " bytes of ids are not a multiple of the width " + type.bytes());
        }
        return type;
    }

    private static MalformedRoutingException malformed(long row, String found) {
        return new MalformedRoutingException(
                row,
                -1,
                "row " + row
                        + ": not packed ids version 1 (0xE1, then width 1, 2 or 4, plus 0x80 where all-ones is -1, then "
                        + "whole ids): " + found + ". Make them with moe_pack_ids.");
    }

    /** Unpacks to int32, masked codes as -1. */
    public static int[] unpack(byte[] packed, long row) {
        IdType type = type(packed.length > 0 ? packed[0] : 0, packed.length > 1 ? packed[1] : 0, packed.length, row);
        int[] out = new int[(packed.length - HEADER_BYTES) / type.bytes()];
        for (int i = 0, at = HEADER_BYTES; i < out.length; i++) {
            int v = 0;
            for (int b = 0; b < type.bytes(); b++) {
                v |= (packed[at++] & 0xff) << (8 * b);
            }
            out[i] = masksByCode(type) && v == (type.bytes() == 1 ? 0xff : 0xffff) ? -1 : v;
        }
        return out;
    }
}
