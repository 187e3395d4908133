package io.sparkmoe.core.analysis;

/** The upper triangle, diagonal included, of a symmetric E x E matrix, row by row. */
public final class Triangle {
    private Triangle() {}

    /** Number of cells. */
    public static int size(int experts) {
        return Math.toIntExact(experts * (experts + 1L) / 2);
    }

    /** Where row i starts, at its diagonal cell. */
    public static int row(int i, int experts) {
        return Math.toIntExact(i * (2L * experts - i + 1) / 2);
    }

    /** Where cell (i, j) = (j, i) lies. */
    public static int index(int i, int j, int experts) {
        return i <= j ? row(i, experts) + j - i : row(j, experts) + i - j;
    }

    /** The whole matrix, row-major. */
    public static long[] full(long[] triangle, int experts) {
        long[] out = new long[Math.multiplyExact(experts, experts)];
        for (int i = 0; i < experts; i++) {
            int row = row(i, experts) - i;
            for (int j = i; j < experts; j++) {
                out[i * experts + j] = triangle[row + j];
                out[j * experts + i] = triangle[row + j];
            }
        }
        return out;
    }
}
