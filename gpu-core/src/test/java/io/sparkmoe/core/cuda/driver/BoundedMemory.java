package io.sparkmoe.core.cuda.driver;

import java.util.HashMap;
import java.util.Map;

/** Memory of a fixed size in name only: hands out addresses, and refuses as a device does when it is full. */
final class BoundedMemory implements RawMemory {
    private final long capacity;
    private final Map<Long, Long> out = new HashMap<>();
    private long next = 4_096;
    private long bytes;
    private int allocations;

    BoundedMemory(long capacity) {
        this.capacity = capacity;
    }

    @Override
    public synchronized long allocate(long size) {
        if (bytes + size > capacity) {
            throw new OutOfDeviceMemoryException(size + " bytes are not there", "allocate");
        }
        long address = next;
        next += size;
        bytes += size;
        allocations++;
        out.put(address, size);
        return address;
    }

    @Override
    public synchronized void free(long address) {
        Long size = out.remove(address);
        if (size == null) {
            throw new IllegalStateException("address " + address + " was freed twice or never given out");
        }
        bytes -= size;
    }

    synchronized long bytes() {
        return bytes;
    }

    synchronized int allocations() {
        return allocations;
    }
}
