package io.sparkmoe.spark.report;

import java.util.Base64;

/**
 * Cells of a map as base64, a byte each, on a logarithmic scale: 0 without a value, 1 for zero, 2 to 255 for ratios from
 * 1/{@value #FARTHEST} to {@value #FARTHEST} in even steps of their logarithm (3.3 %), beyond that the nearer end. The
 * exact counts stand in the tables.
 */
final class PackedCells {
    private static final int FARTHEST = 64;
    private static final double STEPS_PER_DOUBLING = 253.0 / (2 * 6);

    private PackedCells() {}

    static byte of(double ratio) {
        if (Double.isNaN(ratio)) {
            return 0;
        }
        if (ratio <= 0) {
            return 1;
        }
        double doublings = Math.log(Math.min(FARTHEST, Math.max(1.0 / FARTHEST, ratio))) / Math.log(2);
        return (byte) (2 + Math.round((doublings + 6) * STEPS_PER_DOUBLING));
    }

    static String base64(byte[] cells) {
        return Base64.getEncoder().encodeToString(cells);
    }

    /** Expert ids, two bytes each, the lower first. */
    static String base64(int[] ids) {
        byte[] bytes = new byte[2 * ids.length];
        for (int i = 0; i < ids.length; i++) {
            bytes[2 * i] = (byte) ids[i];
            bytes[2 * i + 1] = (byte) (ids[i] >> 8);
        }
        return base64(bytes);
    }

    /** Characters that this many bytes need. */
    static int characters(int bytes) {
        return (bytes + 2) / 3 * 4;
    }
}
