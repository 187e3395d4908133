package io.sparkmoe.spark.trace;

import io.sparkmoe.spark.trace.BadRecord.Found;

/** Whether a payload is [rows, numLayers, topk], and if not, which other shape it would fit. */
record PayloadShape(int numLayers, int topk, long start) {

    /**
     * Checks the number of ids against the rows that the token counts ask for.
     *
     * @param ids ids in the payload
     * @param rows prompt_tokens + completion_tokens - 1 - start
     */
    void check(long ids, long rows) throws Found {
        long perRow = (long) numLayers * topk;
        if (rows >= 0 && ids == rows * perRow) {
            return;
        }
        if (ids % perRow == 0) {
            throw rowCount(ids / perRow, ids, rows);
        }
        if (fits(ids, rows * topk)) {
            long layers = ids / (rows * topk);
            throw new Found(
                    BadReason.LAYERS,
                    -1,
                    layers + " layers",
                    "numLayers = " + numLayers,
                    rows + " rows of topk " + topk + " fit " + layers + " layers, not the model's " + numLayers);
        }
        if (fits(ids, rows * numLayers)) {
            long k = ids / (rows * numLayers);
            throw new Found(
                    BadReason.TOPK,
                    -1,
                    k + " ids a token and layer",
                    "topk = " + topk,
                    rows + " rows of " + numLayers + " layers fit topk " + k + ", not " + topk);
        }
        throw new Found(
                BadReason.PAYLOAD_LENGTH,
                ids,
                ids + " ids",
                "a multiple of numLayers * topk = " + numLayers + " * " + topk,
                "the payload does not hold whole rows");
    }

    private static boolean fits(long ids, long unit) {
        return unit > 0 && ids > 0 && ids % unit == 0;
    }

    private Found rowCount(long seen, long ids, long rows) {
        long otherStart = start + rows - seen;
        StringBuilder detail = new StringBuilder("the payload's rows do not fit the token counts");
        if (rows >= 0 && otherStart >= 0 && otherStart != start) {
            detail.append("; they would fit a start of ")
                    .append(otherStart)
                    .append(" instead of ")
                    .append(start);
        }
        if (fits(ids, rows * topk)) {
            detail.append("; they would also fit ").append(ids / (rows * topk)).append(" layers");
        }
        if (fits(ids, rows * numLayers)) {
            detail.append("; they would also fit topk ").append(ids / (rows * numLayers));
        }
        return new Found(
                BadReason.ROW_COUNT,
                -1,
                seen + " rows",
                rows + " rows (prompt_tokens + completion_tokens - 1 - start " + start + ")",
                detail.toString());
    }
}
