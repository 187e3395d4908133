package io.sparkmoe.core.cpu;

import io.sparkmoe.core.routing.ListBuffer;
import io.sparkmoe.core.routing.MalformedRoutingException;
import io.sparkmoe.core.routing.Memory;
import io.sparkmoe.core.routing.ResultBuffers;
import io.sparkmoe.core.routing.TilesResult;
import org.apache.arrow.memory.ArrowBuf;

/** moe_grouped_gemm_tiles: which expert and which rows each tile of block_m rows covers. */
final class GroupedGemmTiles {
    private final ListBuffer seg;
    private final long firstRow;
    private final int blockM;

    GroupedGemmTiles(ListBuffer segIndptr, long firstRow, int blockM) {
        if (segIndptr.elementBytes() != 8) {
            throw new IllegalArgumentException("seg_indptr must be int64");
        }
        if (blockM < 1) {
            throw new IllegalArgumentException("block_m must be at least 1, got " + blockM);
        }
        this.seg = segIndptr;
        this.firstRow = firstRow;
        this.blockM = blockM;
    }

    TilesResult run(ResultBuffers out) {
        int rows = seg.rows();
        ListBuffer indptr = new ListBuffer(rows, 8, out.offsets(rows), out.take(8L * (seg.start(rows) - seg.start(0))));
        ArrowBuf tileOffsets = out.offsets(rows);
        long total = 0;
        for (int s = 0; s < rows; s++) {
            indptr.offsets().setInt(4L * (s + 1L), seg.start(s + 1) - seg.start(0));
            long tiles = scan(s, indptr.values().memoryAddress() + 8L * indptr.start(s));
            ResultBuffers.checkTotal(tiles, tiles, firstRow + s, "tile_expert");
            total += tiles;
            ResultBuffers.checkTotal(total, tiles, firstRow + s, "tile_expert");
            tileOffsets.setInt(4L * (s + 1L), (int) total);
        }
        TilesResult result = new TilesResult(
                indptr,
                new ListBuffer(rows, 4, tileOffsets, out.take(4 * total)),
                new ListBuffer(rows, 8, copy(out, tileOffsets, rows), out.take(8 * total)),
                new ListBuffer(rows, 8, copy(out, tileOffsets, rows), out.take(8 * total)));
        for (int s = 0; s < rows; s++) {
            write(s, result);
        }
        return result;
    }

    private static ArrowBuf copy(ResultBuffers out, ArrowBuf offsets, int rows) {
        ArrowBuf copy = out.offsets(rows);
        Memory.copy(offsets.memoryAddress(), copy.memoryAddress(), 4L * (rows + 1L));
        return copy;
    }

    /** Writes the tiles before each expert; returns the tiles of the list. */
    private long scan(int s, long indptr) {
        int experts = seg.length(s) - 1;
        if (experts < 0) {
            throw new MalformedRoutingException(
                    firstRow + s,
                    -1,
                    "row " + (firstRow + s) + ": seg_indptr is empty; it needs num_experts + 1 entries.");
        }
        long tiles = 0;
        Memory.putLong(indptr, 0);
        for (int e = 0; e < experts; e++) {
            long rows = entry(s, e + 1) - entry(s, e);
            if (rows < 0 || entry(s, e) < 0) {
                throw descending(s, e);
            }
            tiles += rows / blockM + (rows % blockM == 0 ? 0 : 1);
            Memory.putLong(indptr + 8L * (e + 1L), tiles);
        }
        return tiles;
    }

    private void write(int s, TilesResult to) {
        long at = to.tileExpert().start(s);
        long experts = to.tileExpert().values().memoryAddress();
        long starts = to.tileRowStart().values().memoryAddress();
        long ends = to.tileRowEnd().values().memoryAddress();
        for (int e = 0; e < seg.length(s) - 1; e++) {
            long end = entry(s, e + 1);
            for (long row = entry(s, e), stop; row < end; row = stop) {
                stop = Math.min(end - row, blockM) + row;
                Memory.putInt(experts + 4 * at, e);
                Memory.putLong(starts + 8 * at, row);
                Memory.putLong(ends + 8 * at, stop);
                at++;
            }
        }
    }

    private long entry(int s, int e) {
        return seg.values().getLong(8L * (seg.start(s) + (long) e));
    }

    private MalformedRoutingException descending(int s, int e) {
        long row = firstRow + s;
        boolean negative = entry(s, e) < 0;
        int position = negative ? e : e + 1;
        return new MalformedRoutingException(
                row,
                position,
                String.format(
                        "row %d, position %d: seg_indptr %d is below %d. Entries start at 0 or more and never descend.",
                        row, position, entry(s, position), negative ? 0 : entry(s, e)));
    }
}
