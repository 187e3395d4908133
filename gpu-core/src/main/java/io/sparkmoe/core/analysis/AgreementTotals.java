package io.sparkmoe.core.analysis;

/**
 * How far two routings of the same tokens agree; sums merge by addition. Sets are compared: order and repetition inside a
 * token do not matter.
 *
 * @param tokens tokens compared
 * @param equalSets tokens that name the same experts on both sides
 * @param overlapSum sum over tokens of the experts that both sides name
 * @param unionSum sum over tokens of the experts that either side names; overlapSum / unionSum is a Jaccard index
 * @param firstEqual tokens with the same expert in the first slot; means something where slots are ordered by score
 * @param masked tokens left out because a slot is masked on either side
 */
public record AgreementTotals(
        long tokens, long equalSets, long overlapSum, long unionSum, long firstEqual, long masked) {
    public static final AgreementTotals NONE = new AgreementTotals(0, 0, 0, 0, 0, 0);

    public AgreementTotals plus(AgreementTotals o) {
        return new AgreementTotals(
                tokens + o.tokens,
                equalSets + o.equalSets,
                overlapSum + o.overlapSum,
                unionSum + o.unionSum,
                firstEqual + o.firstEqual,
                masked + o.masked);
    }
}
