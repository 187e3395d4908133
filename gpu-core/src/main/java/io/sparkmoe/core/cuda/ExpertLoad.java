package io.sparkmoe.core.cuda;

/**
 * Launches expert load: adds a batch to counts that stay on the device.
 *
 * @param slots device address of int32 [segments], each in [0, numSlots)
 * @param counts device address of int64 [numSlots][num_experts], which the launch adds to
 */
record ExpertLoad(DeviceBatch batch, int numExperts, long slots, int numSlots, long counts) {
    private static final String FILE = "expert_load";

    /** Adds to the lane's tally. The batch has segments. */
    void launch(Lane lane) {
        if (batch.totalIds() >= (long) CountingShapes.STREAMED * batch.segments()) {
            Counting.arguments(lane, batch)
                    .address(slots)
                    .i32(numExperts)
                    .address(counts)
                    .address(lane.tally());
            lane.launch(FILE, FILE + "_segments", Counting.stream(lane, FILE, FILE + "_segments", batch, numExperts));
        } else {
            rows(lane);
        }
    }

    private void rows(Lane lane) {
        int cached = CountingShapes.cachedSlots(numExperts, numSlots, lane.maxSharedBytes());
        int shared = CountingShapes.loadRowsShared(numExperts, cached);
        String name = FILE + "_rows";
        Counting.arguments(lane, batch)
                .address(slots)
                .i32(numExperts)
                .i32(cached)
                .address(counts)
                .address(lane.tally());
        lane.launch(FILE, name, Counting.shares(lane, FILE, name, batch, CountingShapes.LOAD_ROWS_THREADS, shared));
    }
}
