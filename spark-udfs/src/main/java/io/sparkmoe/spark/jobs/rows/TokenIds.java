package io.sparkmoe.spark.jobs.rows;

import org.apache.spark.sql.catalyst.util.ArrayData;

/** Reads token_ids. */
public final class TokenIds {
    /** Stands for a NULL element. */
    public static final int UNKNOWN = Integer.MIN_VALUE;

    private TokenIds() {}

    /** The token ids of a list, NULL elements as {@link #UNKNOWN}. */
    public static int[] of(ArrayData list) {
        int[] out = new int[list.numElements()];
        for (int i = 0; i < out.length; i++) {
            out[i] = list.isNullAt(i) ? UNKNOWN : list.getInt(i);
        }
        return out;
    }
}
