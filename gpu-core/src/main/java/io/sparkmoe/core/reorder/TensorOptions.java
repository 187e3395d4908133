package io.sparkmoe.core.reorder;

import java.io.Serializable;

/** Options of an operator over activations; says beforehand how large an answer can get. */
public interface TensorOptions extends Serializable {
    /**
     * An upper bound on the result bytes of a segment, so that a caller can cut a batch into slices whose results stay
     * under a limit. 64-bit: it may pass 2^31.
     *
     * @param elements of the segment's activations
     * @param ids of the segment's id list; 0 where the operator takes none
     */
    long maxResultBytes(long elements, long ids);
}
