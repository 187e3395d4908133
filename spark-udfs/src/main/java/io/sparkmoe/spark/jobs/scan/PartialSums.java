package io.sparkmoe.spark.jobs.scan;

import io.sparkmoe.spark.exec.Sums;
import java.nio.ByteBuffer;
import java.util.Arrays;

/** A row of sums on its way through the shuffle: its width, then the compact form of {@link Sums}. */
final class PartialSums {
    private PartialSums() {}

    static byte[] write(long... sums) {
        byte[] compact = Sums.write(sums);
        return ByteBuffer.allocate(4 + compact.length)
                .putInt(sums.length)
                .put(compact)
                .array();
    }

    /** The sums, in an array of their width. */
    static long[] read(byte[] written) {
        long[] sums = new long[width(written)];
        add(written, sums);
        return sums;
    }

    static int width(byte[] written) {
        return ByteBuffer.wrap(written).getInt();
    }

    /** Adds what {@link #write} wrote. */
    static void add(byte[] written, long[] sums) {
        if (width(written) != sums.length) {
            throw new IllegalStateException(
                    "partials of " + width(written) + " and " + sums.length + " sums under one key");
        }
        Sums.addTo(Arrays.copyOfRange(written, 4, written.length), sums);
    }
}
