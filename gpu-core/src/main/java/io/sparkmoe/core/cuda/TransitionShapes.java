package io.sparkmoe.core.cuda;

import io.sparkmoe.core.cuda.driver.LaunchConfig;
import java.util.Arrays;

/** Launches of the transition kernels, as data; src/main/cuda/README.md gives the kernels' side. */
final class TransitionShapes {
    /** Tokens of a word row's stage: words come in groups of 32. */
    static final int STAGE = 1024;

    /** Tokens that are packed at a time: enough to hide a launch, few enough to keep the bits small. */
    static final int CHUNK = 128 * STAGE;

    private static final int PACK_THREADS = 1024;
    private static final int PACK_PITCH = 33;
    private static final int PRODUCT_THREADS = 512;
    private static final int ROWS = 256;
    private static final int COLUMNS = 128;
    private static final int STAGES = 4;

    /** Row tiles side by side, whose column tiles follow each other: blocks that run at once share more of what they read. */
    private static final int NEIGHBOURS = 8;

    private static final int LEAST_STAGES = 2;
    private static final int TOKENS_THREADS = 256;
    private static final int WAVES = 16;

    private TransitionShapes() {}

    /** Words of a row of bits. */
    static int words(int tokens) {
        return Shapes.ceilDiv(tokens, STAGE) * STAGE / Integer.SIZE;
    }

    /** Whether the product of bits pays for so many tokens: about where it costs as many steps as its sums have cells. */
    static boolean productPays(int tokens, int topk, int experts) {
        return (long) tokens * topk * topk >= (long) experts * experts;
    }

    static LaunchConfig pack(int words, int layers, int experts) {
        return new LaunchConfig(words / Integer.SIZE, layers, PACK_THREADS, Integer.BYTES * PACK_PITCH * experts);
    }

    /** Shared memory of a product's block. */
    static int productShared() {
        return Integer.BYTES * STAGES * (ROWS + COLUMNS) * STAGE / Integer.SIZE;
    }

    static LaunchConfig product(int tiles, int words, int multiprocessors) {
        int stages = words * Integer.SIZE / STAGE;
        int parts = Math.min(Shapes.ceilDiv(4L * multiprocessors, tiles), Math.max(1, stages / LEAST_STAGES));
        return new LaunchConfig(tiles, parts, PRODUCT_THREADS, productShared());
    }

    static LaunchConfig tokens(long items, int multiprocessors) {
        long blocks = Math.min((items + TOKENS_THREADS - 1) / TOKENS_THREADS, (long) WAVES * multiprocessors);
        return LaunchConfig.of((int) Math.max(1, blocks), TOKENS_THREADS, 0);
    }

    /**
     * Numbers of the row and column tiles of (layers * experts) squared that hold a wanted pair.
     *
     * @param wanted [layers][layers]
     */
    static int[] tiles(boolean[][] wanted, int experts) {
        int rows = wanted.length * experts;
        int rowTiles = Shapes.ceilDiv(rows, ROWS);
        int columnTiles = Shapes.ceilDiv(rows, COLUMNS);
        int[] out = new int[16];
        int n = 0;
        for (int group = 0; group < rowTiles; group += NEIGHBOURS) {
            for (int column = 0; column < columnTiles; column++) {
                for (int row = group; row < Math.min(rowTiles, group + NEIGHBOURS); row++) {
                    if (any(wanted, experts, row, column)) {
                        out = n == out.length ? Arrays.copyOf(out, 2 * n) : out;
                        out[n++] = row;
                        out[n++] = column;
                    }
                }
            }
        }
        return Arrays.copyOf(out, n);
    }

    private static boolean any(boolean[][] wanted, int experts, int rowTile, int columnTile) {
        int lastFrom = Math.min(wanted.length - 1, (rowTile * ROWS + ROWS - 1) / experts);
        int lastTo = Math.min(wanted.length - 1, (columnTile * COLUMNS + COLUMNS - 1) / experts);
        for (int from = rowTile * ROWS / experts; from <= lastFrom; from++) {
            for (int to = columnTile * COLUMNS / experts; to <= lastTo; to++) {
                if (wanted[from][to]) {
                    return true;
                }
            }
        }
        return false;
    }
}
