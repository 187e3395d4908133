package io.sparkmoe.spark.jobs.scan;

import java.io.Serializable;
import java.util.Comparator;

/**
 * What a partial is summed by; a, b, c and text mean what the family says.
 *
 * @param text empty where the family has no use for it
 */
record PartialKey(Family family, int a, int b, long c, String text) implements Serializable, Comparable<PartialKey> {
    private static final long serialVersionUID = 1L;

    /** Spark sends the order of keys to its tasks. */
    interface Order extends Comparator<PartialKey>, Serializable {}

    static final Order ORDER = PartialKey::compareTo;

    private static final Comparator<PartialKey> FIELDS = Comparator.comparing(PartialKey::family)
            .thenComparing(PartialKey::text)
            .thenComparingInt(PartialKey::a)
            .thenComparingInt(PartialKey::b)
            .thenComparingLong(PartialKey::c);

    static PartialKey of(Family family) {
        return new PartialKey(family, 0, 0, 0, "");
    }

    static PartialKey of(Family family, int a) {
        return new PartialKey(family, a, 0, 0, "");
    }

    static PartialKey of(Family family, int a, int b) {
        return new PartialKey(family, a, b, 0, "");
    }

    @Override
    public int compareTo(PartialKey o) {
        return FIELDS.compare(this, o);
    }

    /** The same in every JVM, which an enum's own is not. */
    @Override
    public int hashCode() {
        int hash = 31 * family.name().hashCode() + a;
        hash = 31 * hash + b;
        hash = 31 * hash + Long.hashCode(c);
        hash = (31 * hash + text.hashCode()) * 0x9E3779B9;
        return hash ^ hash >>> 15;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof PartialKey k && compareTo(k) == 0;
    }
}
