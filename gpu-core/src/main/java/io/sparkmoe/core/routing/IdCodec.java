package io.sparkmoe.core.routing;

/** Reads ids of any {@link IdType} into int32 and back: one tight loop a width, so that each compiles on its own. */
public final class IdCodec {
    private IdCodec() {}

    /**
     * Decodes {@code count} ids from {@code address} into {@code out} from index {@code at}; masked codes become -1.
     */
    public static void decode(IdType type, long address, int[] out, int at, int count) {
        switch (type) {
            case INT32 -> decodeInt32(address, out, at, count);
            case INT8 -> decodeInt8(address, out, at, count);
            case INT16 -> decodeInt16(address, out, at, count);
            case UINT8 -> decodeUint8(address, out, at, count);
            case UINT16 -> decodeUint16(address, out, at, count);
            case UINT8_MASKED -> {
                decodeUint8(address, out, at, count);
                unmask(out, at, count, 0xff);
            }
            case UINT16_MASKED -> {
                decodeUint16(address, out, at, count);
                unmask(out, at, count, 0xffff);
            }
        }
    }

    /** Encodes int32 ids that fit the type; -1 becomes the masked code. */
    public static void encode(IdType type, int[] ids, int from, int count, long address) {
        switch (type.bytes()) {
            case 1 -> {
                for (int i = 0; i < count; i++) {
                    Memory.putByte(address + i, (byte) ids[from + i]);
                }
            }
            case 2 -> {
                for (int i = 0; i < count; i++) {
                    Memory.putShort(address + 2L * i, (short) ids[from + i]);
                }
            }
            default -> Memory.copy(ids, Memory.INTS + 4L * from, address, 4L * count);
        }
    }

    /** Rewrites a whole batch's ids (from index 0) in another type. */
    static void convert(RoutingBatch batch, long to, IdType wider) {
        int[] tile = new int[4096];
        long total = batch.start(batch.segments());
        for (long done = 0; done < total; ) {
            int n = (int) Math.min(tile.length, total - done);
            decode(batch.type(), batch.idsAddress() + done * batch.type().bytes(), tile, 0, n);
            encode(wider, tile, 0, n, to + done * wider.bytes());
            done += n;
        }
    }

    /** A bulk copy has a fixed cost that a token's few ids do not pay back. */
    private static void decodeInt32(long address, int[] out, int at, int count) {
        if (count > 32) {
            Memory.copyOut(address, out, Memory.INTS + 4L * at, 4L * count);
            return;
        }
        for (int i = 0; i < count; i++) {
            out[at + i] = Memory.getInt(address + 4L * i);
        }
    }

    private static void decodeInt8(long address, int[] out, int at, int count) {
        for (int i = 0; i < count; i++) {
            out[at + i] = Memory.getByte(address + i);
        }
    }

    private static void decodeInt16(long address, int[] out, int at, int count) {
        for (int i = 0; i < count; i++) {
            out[at + i] = Memory.getShort(address + 2L * i);
        }
    }

    private static void decodeUint8(long address, int[] out, int at, int count) {
        for (int i = 0; i < count; i++) {
            out[at + i] = Memory.getByte(address + i) & 0xff;
        }
    }

    private static void decodeUint16(long address, int[] out, int at, int count) {
        for (int i = 0; i < count; i++) {
            out[at + i] = Memory.getShort(address + 2L * i) & 0xffff;
        }
    }

    private static void unmask(int[] out, int at, int count, int allOnes) {
        for (int i = at; i < at + count; i++) {
            if (out[i] == allOnes) {
                out[i] = -1;
            }
        }
    }
}
