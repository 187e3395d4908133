package io.sparkmoe.spark.jobs.scan;

import java.io.Serializable;

/**
 * One part of an analysis's layers or layer pairs: the parts of as many reads add up to the whole.
 *
 * @param index in [0, parts)
 */
record Part(int index, int parts) implements Serializable {
    private static final long serialVersionUID = 1L;

    static final Part WHOLE = new Part(0, 1);

    /** Whether a layer is of this part. */
    boolean has(int layer) {
        return Math.floorMod(layer, parts) == index;
    }
}
