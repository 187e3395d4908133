package io.sparkmoe.spark.jobs.passes;

import io.sparkmoe.core.routing.PaddingTotals;
import java.io.Serializable;

/**
 * Padding figures summed over passes; they merge by addition.
 *
 * @param passes forward passes, remainders included
 * @param blocks [block sizes]
 * @param slots [block sizes]: padded slots; waste = 1 - used / slots
 * @param used ids that fill slots
 * @param activeExperts sum over passes of the experts that got at least one id
 */
@SuppressWarnings("ArrayRecordComponent") // never compared; arrays keep a sum over many block sizes small
public record PassTotals(long passes, long[] blocks, long[] slots, long used, long activeExperts)
        implements Serializable {
    private static final long serialVersionUID = 1L;

    static PassTotals of(PaddingTotals t) {
        return new PassTotals(t.segments(), t.blocks(), t.slots(), t.used(), t.activeExperts());
    }

    /** The sum of two totals over the same block sizes. */
    public PassTotals plus(PassTotals o) {
        long[] b = blocks.clone();
        long[] s = slots.clone();
        for (int i = 0; i < b.length; i++) {
            b[i] += o.blocks[i];
            s[i] += o.slots[i];
        }
        return new PassTotals(passes + o.passes, b, s, used + o.used, activeExperts + o.activeExperts);
    }
}
