package io.sparkmoe.spark.jobs.audit;

import io.sparkmoe.spark.jobs.rows.RowKey;
import java.io.Serializable;

/**
 * The part of a sequence that one partition saw at its edge. Runs of identical tokens that touch an edge stay open until
 * neighbours are joined, so that a stretch is found wherever partitions are cut.
 *
 * @param first position of the first token
 * @param end position behind the last token
 * @param head the run at the start
 * @param tail the run at the end; the same as head where one run is all
 * @param partition which partition saw it
 * @param headOpen whether head has not been judged yet
 * @param tailOpen whether tail has not been judged yet
 */
record Fragment(int partition, RowKey key, int first, int end, Run head, Run tail, boolean headOpen, boolean tailOpen)
        implements Serializable {
    private static final long serialVersionUID = 1L;

    /**
     * Consecutive tokens with the same ids in all layers.
     *
     * @param hash of a token's ids over all layers
     * @param idsPerToken topk * layers
     */
    record Run(long hash, int length, long idsPerToken, boolean known) implements Serializable {
        private static final long serialVersionUID = 1L;

        boolean same(Run o) {
            return known && o.known && hash == o.hash && idsPerToken == o.idsPerToken;
        }

        Run longer(int more) {
            return new Run(hash, length + more, idsPerToken, known);
        }
    }

    /** Whether one run is the whole fragment. */
    boolean whole() {
        return head.length == end - first;
    }
}
