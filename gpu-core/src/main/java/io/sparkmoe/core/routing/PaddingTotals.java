package io.sparkmoe.core.routing;

import java.util.Arrays;

/**
 * Padding figures summed over segments; they merge by addition.
 *
 * @param segments number of segments summed
 * @param blocks [block sizes]
 * @param slots [block sizes]: padded slots; waste = 1 - used / slots
 * @param used ids that fill slots
 * @param activeExperts sum over segments of the number of experts with at least one id
 */
@SuppressWarnings("ArrayRecordComponent") // equals and hashCode treat them as values
public record PaddingTotals(long segments, long[] blocks, long[] slots, long used, long activeExperts) {
    /** Adds two totals over the same block sizes. */
    public PaddingTotals plus(PaddingTotals o) {
        long[] b = blocks.clone();
        long[] s = slots.clone();
        for (int i = 0; i < b.length; i++) {
            b[i] += o.blocks[i];
            s[i] += o.slots[i];
        }
        return new PaddingTotals(segments + o.segments, b, s, used + o.used, activeExperts + o.activeExperts);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof PaddingTotals o
                && segments == o.segments
                && Arrays.equals(blocks, o.blocks)
                && Arrays.equals(slots, o.slots)
                && used == o.used
                && activeExperts == o.activeExperts;
    }

    @Override
    public int hashCode() {
        return 31 * Long.hashCode(segments) + Arrays.hashCode(blocks);
    }

    @Override
    public String toString() {
        return "PaddingTotals[segments=" + segments + ", blocks=" + Arrays.toString(blocks) + ", slots="
                + Arrays.toString(slots) + ", used=" + used + ", activeExperts=" + activeExperts + "]";
    }
}
