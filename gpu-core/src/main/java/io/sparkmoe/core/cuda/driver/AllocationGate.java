package io.sparkmoe.core.cuda.driver;

import java.util.concurrent.atomic.AtomicLong;

/** Asked before each take from a pool; refusing one is how tests see to every place that may run out of memory. */
@FunctionalInterface
public interface AllocationGate {
    /** Lets everything pass. */
    AllocationGate OPEN = bytes -> true;

    /**
     * Whether a take goes on. One that does not ends as if there were no memory left.
     *
     * @param bytes asked for
     */
    boolean admits(long bytes);

    /** Refuses the n-th take alone, counted from 1. */
    static AllocationGate failing(long nth) {
        AtomicLong takes = new AtomicLong();
        return bytes -> takes.incrementAndGet() != nth;
    }
}
