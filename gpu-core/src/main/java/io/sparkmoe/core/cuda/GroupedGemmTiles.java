package io.sparkmoe.core.cuda;

import io.sparkmoe.core.cuda.driver.KernelArguments;

/**
 * Launches grouped GEMM tiles in two steps: {@link #measure}, and when the host has read {@link #status} and made room,
 * {@link #write}.
 *
 * @param seg device address of the first value of list 0, int64
 * @param offsets device address of int32 [lists + 1]
 * @param indptr device address of int64, as many as seg has
 * @param indptrOffsets device address of int32 [lists + 1], from 0 on
 * @param tileOffsets device address of int32 [lists + 1]; meaningless where the total passes int32
 * @param tiles device address of int64 [lists], scratch
 * @param status device address of int64 [2]: lists that make no sense, which the CPU words an error about; all tiles
 */
record GroupedGemmTiles(
        long seg,
        long offsets,
        int lists,
        int blockM,
        long indptr,
        long indptrOffsets,
        long tileOffsets,
        long tiles,
        long status) {
    static final int STATUS_BYTES = 2 * Long.BYTES;

    private static final String FILE = "grouped_gemm_tiles";

    /**
     * Takes device memory for a call.
     *
     * @param entries number of values of all lists
     */
    static GroupedGemmTiles plan(long seg, long offsets, int lists, long entries, int blockM, Lane lane) {
        return new GroupedGemmTiles(
                seg,
                offsets,
                lists,
                blockM,
                lane.take(8 * entries),
                lane.take(4L * (lists + 1L)),
                lane.take(4L * (lists + 1L)),
                lane.take(8L * lists),
                lane.takeZeroed(STATUS_BYTES));
    }

    /** Writes indptr and the offsets. There are lists. */
    void measure(Lane lane) {
        arguments(lane).address(indptr).address(indptrOffsets).address(tiles).address(status);
        lane.launch(FILE, FILE + "_scan", CountingShapes.listScan(lists));
        lane.arguments().address(tiles).i32(lists).address(tileOffsets).address(status);
        lane.launch(FILE, FILE + "_offsets", CountingShapes.listOffsets());
    }

    /**
     * Writes the tiles; there is at least one.
     *
     * @param tileExpert device address of int32 [total]
     * @param tileRowStart device address of int64 [total]
     * @param tileRowEnd device address of int64 [total]
     */
    void write(Lane lane, int total, long tileExpert, long tileRowStart, long tileRowEnd) {
        arguments(lane)
                .address(indptr)
                .address(tileOffsets)
                .i32(total)
                .address(tileExpert)
                .address(tileRowStart)
                .address(tileRowEnd);
        lane.launch(FILE, FILE + "_write", CountingShapes.listWrite(total, lane.multiprocessors()));
    }

    private KernelArguments arguments(Lane lane) {
        return lane.arguments().address(seg).address(offsets).i32(lists).i32(blockM);
    }
}
