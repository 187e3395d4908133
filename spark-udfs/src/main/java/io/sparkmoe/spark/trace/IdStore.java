package io.sparkmoe.spark.trace;

import java.io.OutputStream;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The ids of one payload, decoded as its bytes arrive. They are kept as 16-bit numbers in chunks; the first id that does
 * not fit has the whole store widened to 32 bits, so nothing is lost and a wrong id can be named.
 */
final class IdStore extends OutputStream {
    static final int CHUNK_BITS = 16;
    static final int CHUNK = 1 << CHUNK_BITS;
    static final int MASK = CHUNK - 1;
    private static final VarHandle INTS = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

    private final List<short[]> narrow = new ArrayList<>();
    private @Nullable List<int[]> wide;
    private PayloadType type = PayloadType.INT32;
    private long count;
    private int pending;
    private int pendingBytes;

    /** Empties the store for a payload of the given type. */
    void reset(PayloadType newType) {
        type = newType;
        wide = null;
        count = 0;
        pending = 0;
        pendingBytes = 0;
    }

    /** Whole ids so far. */
    long size() {
        return count;
    }

    /** Bytes so far. */
    long bytes() {
        return count * type.bytes() + pendingBytes;
    }

    boolean isWide() {
        return wide != null;
    }

    /** Ids of a chunk as 16-bit numbers; only while not {@link #isWide}. */
    short[] narrowChunk(int chunk) {
        return narrow.get(chunk);
    }

    int get(long index) {
        int chunk = (int) (index >>> CHUNK_BITS);
        int offset = (int) index & MASK;
        return wide == null ? narrow.get(chunk)[offset] : wide.get(chunk)[offset];
    }

    @Override
    public void write(int b) {
        pending |= (b & 0xff) << (8 * pendingBytes);
        if (++pendingBytes == type.bytes()) {
            add(pending);
            pending = 0;
            pendingBytes = 0;
        }
    }

    @Override
    public void write(byte[] bytes, int offset, int length) {
        int at = offset;
        int end = offset + length;
        if (type == PayloadType.INT32) {
            while (pendingBytes > 0 && at < end) {
                write(bytes[at++]);
            }
            at = addInts(bytes, at, end);
        }
        while (at < end) {
            write(bytes[at++]);
        }
    }

    /** Adds whole int32 ids, a chunk's run at a time, and returns where it stopped. */
    private int addInts(byte[] bytes, int from, int end) {
        int at = from;
        while (at + 4 <= end) {
            add((int) INTS.get(bytes, at));
            at += 4;
            int offset = (int) count & MASK;
            if (wide == null && offset > 0) {
                short[] chunk = narrow.get((int) (count >>> CHUNK_BITS));
                int run = fill(chunk, offset, bytes, at, Math.min((end - at) / 4, CHUNK - offset));
                count += run;
                at += 4 * run;
            }
        }
        return at;
    }

    /** Copies ids while they fit 16 bits; returns how many did. */
    private static int fill(short[] chunk, int offset, byte[] bytes, int at, int ids) {
        for (int i = 0; i < ids; i++) {
            int id = (int) INTS.get(bytes, at + 4 * i);
            if (id != (short) id) {
                return i;
            }
            chunk[offset + i] = (short) id;
        }
        return ids;
    }

    private void add(int id) {
        int chunk = (int) (count >>> CHUNK_BITS);
        int offset = (int) count & MASK;
        if (wide == null && id != (short) id) {
            widen();
        }
        if (wide == null) {
            if (chunk == narrow.size()) {
                narrow.add(new short[CHUNK]);
            }
            narrow.get(chunk)[offset] = (short) id;
        } else {
            if (chunk == wide.size()) {
                wide.add(new int[CHUNK]);
            }
            wide.get(chunk)[offset] = id;
        }
        count++;
    }

    private void widen() {
        List<int[]> chunks = new ArrayList<>();
        for (int c = 0; (long) c << CHUNK_BITS < count; c++) {
            short[] from = narrow.get(c);
            int[] to = new int[CHUNK];
            for (int i = 0; i < CHUNK; i++) {
                to[i] = from[i];
            }
            chunks.add(to);
        }
        wide = chunks;
        narrow.clear();
    }

    /** Reads the bytes, taken for int32 because the record names its dtype behind the payload, as what they are. */
    IdStore as(PayloadType actual) {
        if (actual == type) {
            return this;
        }
        IdStore out = new IdStore();
        out.reset(actual);
        for (long i = 0; i < count; i++) {
            int v = get(i);
            for (int b = 0; b < type.bytes(); b++) {
                out.write(v >>> (8 * b));
            }
        }
        for (int b = 0; b < pendingBytes; b++) {
            out.write(pending >>> (8 * b));
        }
        return out;
    }

    /** Index of the first id outside [-1, numExperts), or -1. */
    long firstOutside(int numExperts) {
        for (int c = 0; (long) c << CHUNK_BITS < count; c++) {
            int length = (int) Math.min(CHUNK, count - ((long) c << CHUNK_BITS));
            boolean bad = wide == null
                    ? anyOutside(narrow.get(c), length, numExperts)
                    : anyOutside(wide.get(c), length, numExperts);
            if (bad) {
                long i = (long) c << CHUNK_BITS;
                while (get(i) >= -1 && get(i) < numExperts) {
                    i++;
                }
                return i;
            }
        }
        return -1;
    }

    private static boolean anyOutside(short[] ids, int length, int numExperts) {
        int min = 0;
        int max = 0;
        for (int i = 0; i < length; i++) {
            min = Math.min(min, ids[i]);
            max = Math.max(max, ids[i]);
        }
        return min < -1 || max >= numExperts;
    }

    private static boolean anyOutside(int[] ids, int length, int numExperts) {
        int min = 0;
        int max = 0;
        for (int i = 0; i < length; i++) {
            min = Math.min(min, ids[i]);
            max = Math.max(max, ids[i]);
        }
        return min < -1 || max >= numExperts;
    }
}
