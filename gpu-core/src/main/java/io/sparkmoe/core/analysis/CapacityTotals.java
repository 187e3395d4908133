package io.sparkmoe.core.analysis;

import java.util.Arrays;

/**
 * Drops at several capacity factors, summed over passes (a segment is the pass of one layer); they merge by addition.
 *
 * @param passes passes summed
 * @param tokens tokens of these passes, masked ones included
 * @param ids ids that asked for a slot
 * @param capacity [factors]: slots of one expert, summed over passes
 * @param dropped [factors]: ids beyond their expert's capacity
 * @param tokensHit [factors]: tokens that lost at least one id
 * @param tokensLost [factors]: tokens that lost every id they had
 */
@SuppressWarnings("ArrayRecordComponent") // equals and hashCode treat them as values
public record CapacityTotals(
        long passes, long tokens, long ids, long[] capacity, long[] dropped, long[] tokensHit, long[] tokensLost) {
    @Override
    public boolean equals(Object other) {
        return other instanceof CapacityTotals o
                && passes == o.passes
                && tokens == o.tokens
                && ids == o.ids
                && Arrays.equals(capacity, o.capacity)
                && Arrays.equals(dropped, o.dropped)
                && Arrays.equals(tokensHit, o.tokensHit)
                && Arrays.equals(tokensLost, o.tokensLost);
    }

    @Override
    public int hashCode() {
        return 31 * Long.hashCode(ids) + Arrays.hashCode(dropped);
    }

    @Override
    public String toString() {
        return "CapacityTotals[passes=" + passes + ", tokens=" + tokens + ", ids=" + ids + ", capacity="
                + Arrays.toString(capacity) + ", dropped=" + Arrays.toString(dropped) + ", tokensHit="
                + Arrays.toString(tokensHit) + ", tokensLost=" + Arrays.toString(tokensLost) + "]";
    }
}
