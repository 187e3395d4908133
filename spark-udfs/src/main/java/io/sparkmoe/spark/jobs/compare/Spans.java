package io.sparkmoe.spark.jobs.compare;

import java.util.Arrays;

/** A set of positions as ascending, disjoint ranges [start, end); ranges that touch are one. */
final class Spans {
    /** Which positions a combination keeps, told from membership in the one set and the other. */
    @FunctionalInterface
    private interface Keep {
        boolean test(boolean inOne, boolean inOther);
    }

    private int[] bounds = new int[2];
    private int used;

    /**
     * Adds a range that starts no earlier than those before it.
     *
     * @return whether some of it was there already
     */
    boolean add(int start, int end) {
        if (start >= end) {
            return false;
        }
        if (used == 0 || start > bounds[used - 1]) {
            push(start);
            push(end);
            return false;
        }
        boolean overlaps = start < bounds[used - 1];
        bounds[used - 1] = Math.max(bounds[used - 1], end);
        return overlaps;
    }

    private void push(int bound) {
        if (used == bounds.length) {
            bounds = Arrays.copyOf(bounds, 2 * used);
        }
        bounds[used++] = bound;
    }

    /** Number of positions. */
    long count() {
        long sum = 0;
        for (int i = 0; i < used; i += 2) {
            sum += (long) bounds[i + 1] - bounds[i];
        }
        return sum;
    }

    Spans and(Spans o) {
        return combine(o, (a, b) -> a && b);
    }

    Spans or(Spans o) {
        return combine(o, (a, b) -> a || b);
    }

    Spans minus(Spans o) {
        return combine(o, (a, b) -> a && !b);
    }

    /** Walks both lists of bounds; crossing bound number i turns membership on for even i and off for odd i. */
    private Spans combine(Spans o, Keep keep) {
        Spans out = new Spans();
        int a = 0;
        int b = 0;
        boolean on = false;
        while (a < used || b < o.used) {
            boolean mine = b == o.used || (a < used && bounds[a] <= o.bounds[b]);
            int at = mine ? bounds[a] : o.bounds[b];
            while (a < used && bounds[a] == at) {
                a++;
            }
            while (b < o.used && o.bounds[b] == at) {
                b++;
            }
            boolean now = keep.test(a % 2 == 1, b % 2 == 1);
            if (now != on) {
                out.push(at);
                on = now;
            }
        }
        return out;
    }
}
