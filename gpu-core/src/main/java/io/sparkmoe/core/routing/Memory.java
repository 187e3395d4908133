package io.sparkmoe.core.routing;

import java.lang.reflect.Field;
import sun.misc.Unsafe;

/**
 * Raw memory, the one place that touches {@code sun.misc.Unsafe}. Addresses are absolute and unchecked: callers check
 * lengths once, at the boundary. (Arrow's own accessors check every access, and their names change between releases.)
 */
public final class Memory {
    private static final Unsafe UNSAFE = unsafe();

    public static final long BYTES = Unsafe.ARRAY_BYTE_BASE_OFFSET;
    public static final long SHORTS = Unsafe.ARRAY_SHORT_BASE_OFFSET;
    public static final long INTS = Unsafe.ARRAY_INT_BASE_OFFSET;
    public static final long LONGS = Unsafe.ARRAY_LONG_BASE_OFFSET;
    public static final long FLOATS = Unsafe.ARRAY_FLOAT_BASE_OFFSET;

    private Memory() {}

    private static Unsafe unsafe() {
        try {
            Field field = Unsafe.class.getDeclaredField("theUnsafe");
            field.setAccessible(true);
            return (Unsafe) field.get(null);
        } catch (ReflectiveOperationException e) {
            throw new LinkageError("sun.misc.Unsafe is not reachable on this Java", e);
        }
    }

    /** Memory of undefined content, outside every allocator's accounting; to be given to {@link #free}. */
    public static long allocate(long bytes) {
        return UNSAFE.allocateMemory(bytes);
    }

    public static void free(long address) {
        UNSAFE.freeMemory(address);
    }

    public static byte getByte(long address) {
        return UNSAFE.getByte(address);
    }

    public static short getShort(long address) {
        return UNSAFE.getShort(address);
    }

    public static int getInt(long address) {
        return UNSAFE.getInt(address);
    }

    public static long getLong(long address) {
        return UNSAFE.getLong(address);
    }

    public static void putByte(long address, byte value) {
        UNSAFE.putByte(address, value);
    }

    public static void putShort(long address, short value) {
        UNSAFE.putShort(address, value);
    }

    public static void putInt(long address, int value) {
        UNSAFE.putInt(address, value);
    }

    public static void putLong(long address, long value) {
        UNSAFE.putLong(address, value);
    }

    public static void copy(long from, long to, long bytes) {
        UNSAFE.copyMemory(from, to, bytes);
    }

    /** Copies from an object's memory (an array plus one of the base offsets above; null = absolute) to an address. */
    public static void copy(Object from, long fromOffset, long to, long bytes) {
        UNSAFE.copyMemory(from, fromOffset, null, to, bytes);
    }

    /** Copies from an address into an object's memory. */
    public static void copyOut(long from, Object to, long toOffset, long bytes) {
        UNSAFE.copyMemory(null, from, to, toOffset, bytes);
    }

    /** Copies between objects' memory: the bits of an array into one of another type. */
    public static void copy(Object from, long fromOffset, Object to, long toOffset, long bytes) {
        UNSAFE.copyMemory(from, fromOffset, to, toOffset, bytes);
    }

    public static void fill(long address, long bytes, byte value) {
        UNSAFE.setMemory(address, bytes, value);
    }
}
