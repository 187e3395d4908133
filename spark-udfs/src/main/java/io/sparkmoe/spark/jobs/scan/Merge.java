package io.sparkmoe.spark.jobs.scan;

import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import scala.Tuple2;

/** Adds up the partials of each key; they come sorted by key, so that one key's sums are in memory at a time. */
final class Merge implements Iterator<Tuple2<PartialKey, long[]>> {
    private final Iterator<Tuple2<PartialKey, byte[]>> partials;
    private final Set<Family> families;
    private @Nullable Tuple2<PartialKey, byte[]> next;

    /** @param families what to take; other partials are passed over */
    Merge(Iterator<Tuple2<PartialKey, byte[]>> partials, Set<Family> families) {
        this.partials = partials;
        this.families = families;
        advance();
    }

    private void advance() {
        next = null;
        while (next == null && partials.hasNext()) {
            Tuple2<PartialKey, byte[]> candidate = partials.next();
            next = families.contains(candidate._1().family()) ? candidate : null;
        }
    }

    @Override
    public boolean hasNext() {
        return next != null;
    }

    @Override
    public Tuple2<PartialKey, long[]> next() {
        if (next == null) {
            throw new NoSuchElementException();
        }
        PartialKey key = next._1();
        long[] sums = PartialSums.read(next._2());
        for (advance(); next != null && next._1().equals(key); advance()) {
            PartialSums.add(next._2(), sums);
        }
        return new Tuple2<>(key, sums);
    }
}
