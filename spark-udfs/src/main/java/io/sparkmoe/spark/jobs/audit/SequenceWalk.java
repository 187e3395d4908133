package io.sparkmoe.spark.jobs.audit;

import io.sparkmoe.spark.jobs.audit.Fragment.Run;
import io.sparkmoe.spark.jobs.rows.RowKey;
import org.jspecify.annotations.Nullable;

/**
 * Walks the token blocks of a partition, sequence by sequence: counts sequences and finds stale stretches. The first and
 * the last fragment of the partition keep the runs at the partition's edges open.
 */
final class SequenceWalk {
    private final AuditPartial out;
    private final int partition;
    private boolean firstOfPartition = true;
    private @Nullable RowKey key;
    private int first;
    private int end;
    private @Nullable Run head;
    private @Nullable Run current;

    SequenceWalk(AuditPartial out, int partition) {
        this.out = out;
        this.partition = partition;
    }

    /** Adds a token block of a sequence. */
    void block(RowKey blockKey, int position, int tokens, long[] hash, boolean[] known, long idsPerToken) {
        if (!blockKey.equals(key) || position != end) {
            out.sequences += blockKey.equals(key) ? 0 : 1;
            endFragment(false);
            key = blockKey;
            first = position;
            end = position;
        }
        for (int t = 0; t < tokens; t++) {
            token(new Run(hash[t], 1, idsPerToken, known[t]));
        }
        end += tokens;
    }

    private void token(Run token) {
        if (current == null) {
            current = token;
        } else if (current.same(token)) {
            current = current.longer(1);
        } else {
            endRun();
            current = token;
        }
    }

    private void endRun() {
        boolean startsFragment = head == null;
        if (startsFragment) {
            head = current;
        }
        if (!startsFragment || !firstOfPartition) {
            StaleStretches.judge(out, key, current);
        }
    }

    /** Ends the partition. */
    void end() {
        endFragment(true);
    }

    private void endFragment(boolean last) {
        if (key != null && current != null) {
            boolean whole = head == null;
            if (firstOfPartition || last) {
                if (!whole && !last) {
                    StaleStretches.judge(out, key, current);
                }
                Run start = whole ? current : head;
                out.edges.add(new Fragment(
                        partition, key, first, end, start, current, whole || firstOfPartition, whole || last));
            } else {
                StaleStretches.judge(out, key, current);
            }
            firstOfPartition = false;
        }
        head = null;
        current = null;
    }
}
