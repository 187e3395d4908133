package io.sparkmoe.core.cuda;

/**
 * Launches expert counts.
 *
 * @param anyLong whether a segment has {@link CountingShapes#LONG} ids or more
 * @param counts device address of int64 [segments][num_experts]
 */
record ExpertCounts(DeviceBatch batch, int numExperts, boolean anyLong, long counts) {
    private static final String FILE = "expert_counts";

    /** Takes device memory for a call. */
    static ExpertCounts plan(DeviceBatch batch, int numExperts, Lane lane) {
        return new ExpertCounts(
                batch,
                numExperts,
                batch.longest() >= CountingShapes.LONG,
                lane.take(8L * batch.segments() * numExperts));
    }

    /** Adds to the lane's tally. The batch has segments. */
    void launch(Lane lane) {
        int span = CountingShapes.span(batch.segments(), lane.multiprocessors());
        Counting.arguments(lane, batch)
                .i32(numExperts)
                .i32(span)
                .address(counts)
                .address(lane.tally());
        lane.launch(FILE, FILE + "_rows", CountingShapes.countsRows(batch.segments(), numExperts, span));
        if (anyLong) {
            Counting.arguments(lane, batch).i32(numExperts).address(counts).address(lane.tally());
            lane.launch(FILE, FILE + "_long", Counting.stream(lane, FILE, FILE + "_long", batch, numExperts));
        }
    }
}
