package io.sparkmoe.core.cuda.driver;

/**
 * The shape of a launch, as data.
 *
 * @param gridX blocks, at least 1
 * @param gridY blocks, 1 to 65,535
 * @param blockX threads a block, 1 to 1,024
 * @param sharedBytes dynamic shared memory a block, at least 0
 */
public record LaunchConfig(int gridX, int gridY, int blockX, int sharedBytes) {
    private static final int MAX_GRID_Y = 65_535;
    private static final int MAX_THREADS = 1_024;

    public LaunchConfig {
        boolean ok = gridX >= 1
                && gridY >= 1
                && gridY <= MAX_GRID_Y
                && blockX >= 1
                && blockX <= MAX_THREADS
                && sharedBytes >= 0;
        if (!ok) {
            throw new IllegalArgumentException(
                    "a launch takes gridX >= 1, gridY in [1, 65535], blockX in [1, 1024] and "
                            + "sharedBytes >= 0, got " + text(gridX, gridY, blockX, sharedBytes));
        }
    }

    /** A grid of one dimension. */
    public static LaunchConfig of(int gridX, int blockX, int sharedBytes) {
        return new LaunchConfig(gridX, 1, blockX, sharedBytes);
    }

    private static String text(int gridX, int gridY, int blockX, int sharedBytes) {
        return "<<<(" + gridX + ", " + gridY + "), " + blockX + ", " + sharedBytes + ">>>";
    }

    /** As CUDA C++ writes it: grid, threads, bytes of shared memory. */
    @Override
    public String toString() {
        return text(gridX, gridY, blockX, sharedBytes);
    }
}
