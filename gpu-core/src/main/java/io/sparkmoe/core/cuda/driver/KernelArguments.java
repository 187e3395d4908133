package io.sparkmoe.core.cuda.driver;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import jcuda.Pointer;
import org.apache.arrow.memory.util.MemoryUtil;

/**
 * The arguments of a launch, in the order of the kernel's parameters. They lie in one direct buffer: a table of
 * pointers, made once, and the 8-byte slots it points to. A launch hands the driver that table as it is, so reusing
 * one object ({@link #reset}, then fill) costs nothing but the stores.
 *
 * <p>The driver copies the values during the launch: they may be changed as soon as it returns. Not thread-safe.
 */
public final class KernelArguments {
    /** Most parameters of a kernel. */
    public static final int CAPACITY = 64;

    private static final int SLOT = Long.BYTES;

    private final ByteBuffer buffer =
            ByteBuffer.allocateDirect(2 * CAPACITY * SLOT).order(ByteOrder.nativeOrder());
    private final HostAddress table;
    private int count;

    public KernelArguments() {
        long address = MemoryUtil.getByteBufferAddress(buffer);
        for (int i = 0; i < CAPACITY; i++) {
            buffer.putLong(i * SLOT, address + slot(i));
        }
        table = new HostAddress(address);
    }

    private static int slot(int index) {
        return (CAPACITY + index) * SLOT;
    }

    /** Appends an {@code int} or {@code unsigned}. */
    public KernelArguments i32(int value) {
        buffer.putInt(next(), value);
        return this;
    }

    /** Appends a {@code float}. */
    public KernelArguments f32(float value) {
        return i32(Float.floatToRawIntBits(value));
    }

    /** Appends a {@code long long} or {@code size_t}. */
    public KernelArguments i64(long value) {
        buffer.putLong(next(), value);
        return this;
    }

    /** Appends a pointer to device memory; 0 is the null pointer. */
    public KernelArguments address(long device) {
        return i64(device);
    }

    private int next() {
        if (count == CAPACITY) {
            throw new IllegalStateException("a kernel takes at most " + CAPACITY + " arguments");
        }
        return slot(count++);
    }

    /** Starts again with no arguments. */
    public KernelArguments reset() {
        count = 0;
        return this;
    }

    /** How many there are. */
    public int count() {
        return count;
    }

    /** What the driver takes as kernelParams; valid while this object is reachable. */
    Pointer table() {
        return table;
    }

    /** The 8 bytes that the table's entry points to. */
    long value(int index) {
        return buffer.getLong(slot(index));
    }

    /** The table's entry. */
    long pointer(int index) {
        return buffer.getLong(index * SLOT);
    }
}
