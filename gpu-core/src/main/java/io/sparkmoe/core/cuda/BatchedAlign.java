package io.sparkmoe.core.cuda;

import io.sparkmoe.core.cuda.driver.KernelArguments;

/**
 * Launches batched align in two steps: {@link #measure}, and when the host has read {@link #status} and made room,
 * {@link #write}.
 *
 * @param batch lists of expert_num_tokens
 * @param sortedOffsets device address of int32 [lists + 1]; meaningless where the total passes int32
 * @param blockOffsets device address of int32 [lists + 1]
 * @param postPad device address of int32 [lists]
 * @param firstBlock device address of int32, one a number of tokens, scratch
 * @param blocks device address of int64 [lists], scratch
 * @param status device address of int64 [2]: lists that make no sense, which the CPU words an error about; all blocks
 */
record BatchedAlign(
        DeviceBatch batch,
        int maxTokens,
        int blockSize,
        long sortedOffsets,
        long blockOffsets,
        long postPad,
        long firstBlock,
        long blocks,
        long status) {
    static final int STATUS_BYTES = 2 * Long.BYTES;

    private static final String FILE = "batched_align";

    /** Takes device memory for a call. */
    static BatchedAlign plan(DeviceBatch batch, int maxTokens, int blockSize, Lane lane) {
        int lists = batch.segments();
        return new BatchedAlign(
                batch,
                maxTokens,
                blockSize,
                lane.take(4L * (lists + 1L)),
                lane.take(4L * (lists + 1L)),
                lane.take(4L * lists),
                lane.take(4 * batch.totalIds()),
                lane.take(8L * lists),
                lane.takeZeroed(STATUS_BYTES));
    }

    /** Writes the offsets and postPad. There are lists. */
    void measure(Lane lane) {
        arguments(lane).address(firstBlock).address(blocks).address(postPad).address(status);
        lane.launch(FILE, FILE + "_scan", CountingShapes.listScan(batch.segments()));
        lane.arguments()
                .address(blocks)
                .i32(batch.segments())
                .i32(blockSize)
                .address(blockOffsets)
                .address(sortedOffsets)
                .address(status);
        lane.launch(FILE, FILE + "_offsets", CountingShapes.listOffsets());
    }

    /**
     * Writes the entries; there is at least one block.
     *
     * @param sorted device address of int32 [total * blockSize]
     * @param blockIds device address of int32 [total]
     */
    void write(Lane lane, int total, long sorted, long blockIds) {
        int team = CountingShapes.team(blockSize);
        arguments(lane)
                .i32(team)
                .address(firstBlock)
                .address(blockOffsets)
                .i32(total)
                .address(sorted)
                .address(blockIds);
        lane.launch(FILE, FILE + "_write", CountingShapes.listWrite((long) total * team, lane.multiprocessors()));
    }

    private KernelArguments arguments(Lane lane) {
        return Counting.arguments(lane, batch).i32(maxTokens).i32(blockSize);
    }
}
