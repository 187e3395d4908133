package io.sparkmoe.core.cuda;

import io.sparkmoe.core.analysis.Triangle;

/** Launches of the co-activation kernels, as data; src/main/cuda/README.md gives the kernels' side. */
final class CoactivationShapes {
    static final int THREADS = 1024;

    /** Shared memory of coactivation_any's tiles: 256 ids a warp. */
    private static final int TILES_BYTES = THREADS / 32 * 256 * Short.BYTES;

    /** Tokens below which a block is not worth its start. */
    private static final int LEAST_SHARE = 2048;

    private static final int MOST_COPIES = 8;

    private CoactivationShapes() {}

    /** Cells of the triangle in the rows before one. */
    private static int before(int row, int experts) {
        return row == experts ? Triangle.size(experts) : Triangle.row(row, experts);
    }

    private static int room(int experts, boolean any, int mostShared) {
        return (mostShared - (any ? TILES_BYTES : 0)) / Integer.BYTES - experts;
    }

    /** First row of each region and the number of rows: as few regions as fit a block's shared memory, of like size. */
    static int[] rows(int experts, boolean any, int mostShared) {
        int room = room(experts, any, mostShared);
        int[] rows = split(experts, Shapes.ceilDiv(Triangle.size(experts), room));
        while (largest(rows, experts) > room) {
            rows = split(experts, rows.length);
        }
        return rows;
    }

    private static int[] split(int experts, int regions) {
        int[] rows = new int[regions + 1];
        rows[regions] = experts;
        for (int row = 1, region = 1; region < regions; region++) {
            while (before(row, experts) < (long) Triangle.size(experts) * region / regions) {
                row++;
            }
            rows[region] = row;
        }
        return rows;
    }

    /** Cells of the largest region. */
    static int largest(int[] rows, int experts) {
        int most = 0;
        for (int i = 1; i < rows.length; i++) {
            most = Math.max(most, before(rows[i], experts) - before(rows[i - 1], experts));
        }
        return most;
    }

    /** Copies of the cells side by side: warps that meet the same cell wait less for each other. */
    static int copies(int[] rows, int experts, boolean any, int mostShared) {
        int copies = MOST_COPIES;
        while (copies > 1 && (long) copies * largest(rows, experts) > room(experts, any, mostShared)) {
            copies /= 2;
        }
        return copies;
    }

    static int sharedBytes(int cells, int copies, int experts, boolean any) {
        return (any ? TILES_BYTES : 0) + Integer.BYTES * (copies * cells + experts);
    }

    /** Blocks: the regions of each share of the tokens, one a multiprocessor at most where there are as many. */
    static int blocks(int tokens, int regions, int multiprocessors) {
        int shares = Math.min(Shapes.ceilDiv(tokens, LEAST_SHARE), multiprocessors / regions);
        return regions * Math.max(1, shares);
    }
}
