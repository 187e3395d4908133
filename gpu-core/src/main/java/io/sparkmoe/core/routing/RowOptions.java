package io.sparkmoe.core.routing;

import java.io.Serializable;

/** Options of an operator that answers row by row; says beforehand how large an answer can get. */
public interface RowOptions extends Serializable {
    /**
     * An upper bound on the result bytes of a segment of {@code ids} ids, so that a caller can cut a batch into slices
     * whose results stay under a limit. 64-bit: it may pass 2^31.
     */
    long maxResultBytes(long ids);
}
