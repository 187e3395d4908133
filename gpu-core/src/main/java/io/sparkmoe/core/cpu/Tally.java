package io.sparkmoe.core.cpu;

import io.sparkmoe.core.routing.IdCounts;
import io.sparkmoe.core.routing.IdOptions;
import io.sparkmoe.core.routing.InvalidPolicy;
import io.sparkmoe.core.routing.MalformedRoutingException;
import io.sparkmoe.core.routing.MaskedPolicy;
import io.sparkmoe.core.routing.RoutingBatch;

/** Holds ids to the policies and counts what is left out. */
final class Tally {
    private final Keys keys;
    private long ids;
    private long masked;
    private long invalid;
    private long nonLocal;

    Tally(Keys keys) {
        this.keys = keys;
    }

    /** Checks and counts the segment that {@code histogram} holds. */
    void add(RoutingBatch batch, int s, Histogram histogram) {
        add(
                batch,
                s,
                s + 1,
                histogram.count(Keys.MASKED),
                histogram.count(Keys.BELOW) + (long) histogram.count(keys.above()),
                histogram.count(keys.nonLocal()));
    }

    /** Checks and counts the segments [from, to) from the number of their odd ids. */
    void add(RoutingBatch batch, int from, int to, long maskedIds, long invalidIds, long nonLocalIds) {
        IdOptions o = keys.options;
        if ((invalidIds > 0 && o.invalid() == InvalidPolicy.ERROR)
                || (maskedIds > 0 && o.masked() == MaskedPolicy.ERROR)) {
            throw firstOffender(batch, from, to, o);
        }
        ids += batch.start(to) - batch.start(from);
        masked += o.masked() == MaskedPolicy.DROP ? maskedIds : 0;
        invalid += invalidIds;
        nonLocal += nonLocalIds;
    }

    /** Counts ids of which none is odd. */
    void addPlain(int count) {
        ids += count;
    }

    IdCounts counts() {
        return new IdCounts(ids, masked, invalid, nonLocal);
    }

    private static MalformedRoutingException firstOffender(RoutingBatch batch, int from, int to, IdOptions o) {
        for (int s = from; s < to; s++) {
            int start = batch.start(s);
            for (int i = 0; i < batch.length(s); i++) {
                int id = batch.id(start + (long) i);
                if (id == -1 && o.masked() == MaskedPolicy.ERROR) {
                    return MalformedRoutingException.masked(batch.firstRow() + s, i);
                }
                if ((id < -1 || id >= o.numExperts()) && o.invalid() == InvalidPolicy.ERROR) {
                    return MalformedRoutingException.expertId(batch.firstRow() + s, i, id, o.numExperts());
                }
            }
        }
        throw new IllegalStateException("the ids changed while they were read");
    }
}
