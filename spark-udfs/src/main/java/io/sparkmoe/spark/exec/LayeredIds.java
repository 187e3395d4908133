package io.sparkmoe.spark.exec;

import io.sparkmoe.core.routing.MalformedRoutingException;
import org.apache.spark.sql.catalyst.util.ArrayData;

/** The wide form of a token block: its layers, and a list of ids for each of them. */
final class LayeredIds {
    private LayeredIds() {}

    /**
     * Checks what is lost when the lists are laid end to end.
     *
     * @throws MalformedRoutingException unless there is one list of ids a layer, all of one length
     */
    static void check(long row, ArrayData layers, ArrayData ids) {
        if (layers.numElements() != ids.numElements()) {
            throw refused(
                    row, String.format("%d layers but %d lists of topk_ids", layers.numElements(), ids.numElements()));
        }
        int length = -1;
        for (int i = 0; i < ids.numElements(); i++) {
            if (layers.isNullAt(i) || ids.isNullAt(i)) {
                throw refused(row, "layer or list " + i + " is NULL");
            }
            int n = ids.getArray(i).numElements();
            if (length >= 0 && n != length) {
                throw refused(row, String.format("list %d has %d ids, the others before it have %d", i, n, length));
            }
            length = n;
        }
    }

    private static MalformedRoutingException refused(long row, String what) {
        return new MalformedRoutingException(
                row,
                -1,
                "row " + row + ": " + what
                        + "; every layer of a token block has the same tokens. Make the wide form with "
                        + "moe_token_blocks.");
    }
}
