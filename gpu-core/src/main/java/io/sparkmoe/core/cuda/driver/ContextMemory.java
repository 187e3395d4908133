package io.sparkmoe.core.cuda.driver;

import java.util.List;
import java.util.Map;
import jcuda.driver.JCudaDriver;

/** Memory straight from the driver, device and pinned, with an account of what is out. */
final class ContextMemory {
    /** JCuda makes a buffer of pinned memory, and Java's are no larger. */
    private static final long MAX_PINNED = Integer.MAX_VALUE;

    private final CudaContext context;
    private final RawMemory device = new Device();
    private final RawMemory pinned = new Pinned();
    private boolean released;

    ContextMemory(CudaContext context) {
        this.context = context;
    }

    RawMemory device() {
        return device;
    }

    RawMemory pinned() {
        return pinned;
    }

    void freeDevice() {
        List.copyOf(context.open().device().keySet()).forEach(device::free);
    }

    /** Releases a closed context once no pinned memory is out. */
    synchronized void releaseWhenUnpinned() {
        if (context.isClosed() && !released && context.open().pinned().isEmpty()) {
            released = true;
            if (!context.dead()) {
                context.releasePrimary();
            }
        }
    }

    private static void checkBytes(long bytes, long most) {
        if (bytes < 1 || bytes > most) {
            throw new IllegalArgumentException("an allocation is of 1 to " + most + " bytes, got " + bytes);
        }
    }

    private static void checkKnown(Map<Long, Long> blocks, long address) {
        if (blocks.remove(address) == null) {
            throw new IllegalArgumentException("0x" + Long.toHexString(address) + " is not an open allocation");
        }
    }

    private final class Device implements RawMemory {
        @Override
        public long allocate(long bytes) {
            checkBytes(bytes, Long.MAX_VALUE);
            context.makeCurrent();
            Address address = new Address();
            context.check(JCudaDriver.cuMemAlloc(address, bytes), "cuMemAlloc", bytes + " bytes");
            context.open().device().put(address.value(), bytes);
            return address.value();
        }

        @Override
        public void free(long address) {
            if (context.isClosed()) {
                return; // Freed when it was closed.
            }
            checkKnown(context.open().device(), address);
            context.release(() -> JCudaDriver.cuMemFree(new Address(address)), "cuMemFree", null);
        }
    }

    private final class Pinned implements RawMemory {
        @Override
        public long allocate(long bytes) {
            checkBytes(bytes, MAX_PINNED);
            context.makeCurrent();
            HostAddress address = new HostAddress();
            context.check(
                    JCudaDriver.cuMemHostAlloc(address, bytes, JCudaDriver.CU_MEMHOSTALLOC_PORTABLE),
                    "cuMemHostAlloc",
                    bytes + " bytes");
            context.open().pinned().put(address.value(), bytes);
            return address.value();
        }

        @Override
        public void free(long address) {
            checkKnown(context.open().pinned(), address);
            context.release(() -> JCudaDriver.cuMemFreeHost(new HostAddress(address)), "cuMemFreeHost", null);
            releaseWhenUnpinned();
        }
    }
}
