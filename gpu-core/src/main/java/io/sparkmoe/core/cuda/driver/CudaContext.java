package io.sparkmoe.core.cuda.driver;

import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntSupplier;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.JCudaDriver;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The primary context of a device, which every user of the GPU in this process shares.
 *
 * <p>A sticky error (a kernel's illegal address, an uncorrectable memory error) ends it: {@link #dead} is true from then
 * on, every call fails, and closing releases nothing, because the driver takes no call for this device any more.
 */
public final class CudaContext implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(CudaContext.class);

    /** The context that this package last made current in a thread. */
    private static final ThreadLocal<@Nullable CudaContext> CURRENT = new ThreadLocal<>();

    private final CudaDevice device;
    private final CUdevice handle;
    private final CUcontext primary;
    private final OpenList open = new OpenList();
    private final ContextMemory memory = new ContextMemory(this);
    private final AtomicInteger number = new AtomicInteger();
    private volatile @Nullable String deadReason;
    private volatile boolean closed;

    private CudaContext(CudaDevice device, CUdevice handle, CUcontext primary) {
        this.device = device;
        this.handle = handle;
        this.primary = primary;
    }

    /**
     * Retains the device's primary context; the first time in a process this takes some 100 ms and about half a GiB of
     * device memory.
     *
     * @throws CudaException when the driver refuses, for example because another process holds the device exclusively
     */
    public static CudaContext open(CudaDevice device) {
        CUdevice handle = new CUdevice();
        checkOpening(JCudaDriver.cuDeviceGet(handle, device.ordinal()), "cuDeviceGet", device);
        CUcontext primary = new CUcontext();
        checkOpening(JCudaDriver.cuDevicePrimaryCtxRetain(primary, handle), "cuDevicePrimaryCtxRetain", device);
        CudaContext context = new CudaContext(device, handle, primary);
        try {
            context.makeCurrent();
            return context;
        } catch (CudaException e) {
            context.releasePrimary();
            throw e;
        }
    }

    private static void checkOpening(int code, String call, CudaDevice device) {
        if (code != 0) {
            throw CudaErrors.of(code, call, device.toString());
        }
    }

    public CudaDevice device() {
        return device;
    }

    /**
     * Compiles PTX for the device; the driver keeps the result on disk, so that only the first time takes long.
     *
     * @param name for messages
     * @param ptx the text, without a trailing 0
     * @throws CudaException with the compiler's log
     */
    public CudaModule loadModule(String name, byte[] ptx) {
        makeCurrent();
        return CudaModule.load(this, name, ptx);
    }

    /** A stream that does not wait for the default stream. */
    public CudaStream newStream() {
        makeCurrent();
        return CudaStream.create(this);
    }

    /** An event; only a timed one can measure, and it costs a little more. */
    public CudaEvent newEvent(boolean timed) {
        makeCurrent();
        return CudaEvent.create(this, timed);
    }

    /**
     * Takes device memory from the driver, which may stop the device to do so: {@link DeviceMemoryPool} is for use.
     *
     * @param bytes at least 1
     * @throws OutOfDeviceMemoryException when there is not enough
     */
    public long allocate(long bytes) {
        return memory.device().allocate(bytes);
    }

    /** Gives {@link #allocate}'s memory back; waits for all work that may use it. */
    public void free(long address) {
        memory.device().free(address);
    }

    /**
     * Takes page-locked host memory, which every context of the process can copy from and to without a detour.
     *
     * @param bytes 1 to 2^31 - 1
     * @return its address in host memory
     * @throws OutOfDeviceMemoryException when the driver cannot lock that much
     */
    public long allocatePinned(long bytes) {
        return memory.pinned().allocate(bytes);
    }

    /** Gives {@link #allocatePinned}'s memory back. */
    public void freePinned(long hostAddress) {
        memory.pinned().free(hostAddress);
    }

    /** Bytes of device memory that nobody uses, in any process. */
    public long freeMemory() {
        makeCurrent();
        long[] free = new long[1];
        check(JCudaDriver.cuMemGetInfo(free, new long[1]), "cuMemGetInfo", null);
        return free[0];
    }

    /** Whether a sticky error ended this context. */
    public boolean dead() {
        return deadReason != null;
    }

    /** The error that ended this context, or null while it lives. */
    public @Nullable String deadReason() {
        return deadReason;
    }

    /**
     * Closes what is still open and releases the context.
     *
     * <p>Pinned memory is the exception: host code may still read it, so it stays, and the context with it, until
     * {@link #freePinned} gave back the last of it.
     *
     * @throws IllegalStateException naming what was still open; after a sticky error it is logged instead
     */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        List<String> left = open.describe();
        if (!dead()) {
            open.resources().forEach(OpenResource::close);
            memory.freeDevice();
        }
        closed = true;
        CURRENT.remove();
        memory.releaseWhenUnpinned();
        if (!left.isEmpty()) {
            report("the CUDA context of " + device + " was closed while these were open: " + String.join(", ", left));
        }
    }

    private void report(String message) {
        if (dead()) {
            LOG.warn("{}; it had died of: {}", message, deadReason);
        } else {
            throw new IllegalStateException(message);
        }
    }

    void releasePrimary() {
        int code = JCudaDriver.cuDevicePrimaryCtxRelease(handle);
        if (code != 0) {
            LOG.warn("cuDevicePrimaryCtxRelease of {}: {}", device, CudaErrors.describe(code));
        }
    }

    /** To be called before every call to the driver. */
    void makeCurrent() {
        if (closed) {
            throw new IllegalStateException("the CUDA context of " + device + " is closed");
        }
        makeCurrentNow();
    }

    /** Also when this context is closed. */
    private void makeCurrentNow() {
        if (CURRENT.get() != this) {
            check(JCudaDriver.cuCtxSetCurrent(primary), "cuCtxSetCurrent", device.toString());
            CURRENT.set(this);
        }
    }

    void check(int code, String call, @Nullable String detail) {
        if (code != 0) {
            throw failure(code, call, detail);
        }
    }

    /** The exception for a failed call; a sticky one ends this context. */
    CudaException failure(int code, String call, @Nullable String detail) {
        CudaException e = CudaErrors.of(code, call, detail);
        if (e.sticky()) {
            died(String.valueOf(e.getMessage()));
        }
        return e;
    }

    private synchronized void died(String reason) {
        if (deadReason == null) {
            deadReason = reason;
            LOG.warn("The CUDA context of {} is dead: {}", device, reason);
        }
    }

    /**
     * Gives something back to the driver, unless this context is dead or found to be so now: the driver then has taken
     * it back already, and closing must go on.
     *
     * @param call answers with a result code
     */
    void release(IntSupplier call, String name, @Nullable String detail) {
        if (dead()) {
            return;
        }
        try {
            makeCurrentNow();
            check(call.getAsInt(), name, detail);
        } catch (CudaException e) {
            if (!e.sticky()) {
                throw e;
            }
        }
    }

    OpenList open() {
        return open;
    }

    ContextMemory memory() {
        return memory;
    }

    boolean isClosed() {
        return closed;
    }

    int nextNumber() {
        return number.incrementAndGet();
    }
}
