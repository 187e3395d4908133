package io.sparkmoe.spark.jobs.scan;

import java.io.Serializable;
import java.util.Map;
import java.util.TreeMap;

/**
 * Windows of a unit of time: 2^shift units wide, cut at multiples of that, and as narrow as lets at most so many of them
 * hold anything. Of more units the windows are never narrower, so that the windows of parts join to those of the whole.
 */
final class Windows implements Serializable {
    private static final long serialVersionUID = 1L;

    static final int STEP = 0;
    static final int POSITION = 1;

    private static final int SHIFTS = 64;

    private final int most;
    private int shift;
    private TreeMap<Long, long[]> spans = new TreeMap<>();

    /** @param most windows that may hold something */
    Windows(int most) {
        this.most = most;
    }

    /** Notes that the units [first, last] hold something. */
    void add(long first, long last) {
        while ((last >> shift) - (first >> shift) >= most) {
            widen();
        }
        for (long window = first >> shift; window <= last >> shift; window++) {
            note(window, Math.max(first, window << shift), Math.min(last, end(window) - 1));
        }
        while (spans.size() > most) {
            widen();
        }
    }

    private void note(long window, long first, long last) {
        long[] span = spans.computeIfAbsent(window, w -> new long[] {first, last});
        span[0] = Math.min(span[0], first);
        span[1] = Math.max(span[1], last);
    }

    private void widen() {
        TreeMap<Long, long[]> narrow = spans;
        spans = new TreeMap<>();
        shift++;
        narrow.forEach((window, span) -> note(window >> 1, span[0], span[1]));
    }

    /** Adds windows of another part, of a width of their own. */
    void join(int otherShift, long window, long first, long last) {
        while (shift < otherShift) {
            widen();
        }
        note(window >> (shift - otherShift), first, last);
        while (spans.size() > most) {
            widen();
        }
    }

    int shift() {
        return shift;
    }

    /** The window of a unit. */
    long window(long unit) {
        return unit >> shift;
    }

    /** The first unit behind a window. */
    long end(long window) {
        return (window + 1) << shift;
    }

    /** First and last unit that hold something, by window. */
    Map<Long, long[]> spans() {
        return spans;
    }

    /** A unit and a width in one number. */
    static int code(int unit, int shift) {
        return unit * SHIFTS + shift;
    }

    static int unitOf(int code) {
        return code / SHIFTS;
    }

    static int shiftOf(int code) {
        return code % SHIFTS;
    }
}
