package io.sparkmoe.spark.jobs.compare;

import io.sparkmoe.core.analysis.AgreementTotals;
import java.util.List;
import java.util.SortedMap;

/**
 * Two routings beside each other; exact sums.
 *
 * @param layers the layers that both sides have, ascending
 * @param tokens tokens compared at all of these layers
 * @param tokensDiffering of these, with another set of experts at one layer at least
 * @param differingLayers of these, (token, layer) pairs with another set
 * @param leftOut what did not line up, by reason
 * @param ordered whether the first slot holds the highest score on every row of both sides
 * @param text whether token ids were compared, since both sides carry some
 */
public record Comparison(
        SortedMap<Integer, Layer> layers,
        long tokens,
        long tokensDiffering,
        long differingLayers,
        List<LeftOut> leftOut,
        boolean ordered,
        boolean text) {
    /**
     * One layer.
     *
     * @param totals how far the sets agree
     * @param leftLoad [num_experts] ids of each expert on the left, of the tokens that line up; masked ones are left out
     * @param rightLoad the same on the right
     */
    @SuppressWarnings("ArrayRecordComponent") // read only; never compared
    public record Layer(AgreementTotals totals, long[] leftLoad, long[] rightLoad) {}

    /** (token, layer) pairs compared. */
    public long pairs() {
        return layers.values().stream().mapToLong(l -> l.totals().tokens()).sum();
    }
}
