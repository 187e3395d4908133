package io.sparkmoe.core.cuda;

import io.sparkmoe.core.routing.IdCounts;
import io.sparkmoe.core.routing.IdOptions;
import io.sparkmoe.core.routing.InvalidPolicy;
import io.sparkmoe.core.routing.MaskedPolicy;
import io.sparkmoe.core.routing.Memory;

/**
 * The tally of a call, read back: ids that the kernels left out, by cause.
 *
 * @param masked masked ids that have no bin of their own
 */
record LeftOut(long masked, long invalid, long nonLocal) {
    /** What is added to the number of bins for the keys of ids that are left out (keys.cuh). */
    static final int INVALID = 0;

    static final int MASKED = 1;
    static final int NON_LOCAL = 2;

    /** Reads a tally that {@link Lane#read} has brought to {@code host}. */
    static LeftOut at(long host) {
        return new LeftOut(Memory.getLong(host), Memory.getLong(host + 8), Memory.getLong(host + 16));
    }

    boolean any() {
        return masked + invalid + nonLocal > 0;
    }

    LeftOut withMasked(long number) {
        return new LeftOut(number, invalid, nonLocal);
    }

    /** Whether the policies refuse the data. */
    boolean refusedBy(IdOptions options) {
        return (invalid > 0 && options.invalid() == InvalidPolicy.ERROR)
                || (masked > 0 && options.masked() == MaskedPolicy.ERROR);
    }

    IdCounts of(long ids) {
        return new IdCounts(ids, masked, invalid, nonLocal);
    }
}
