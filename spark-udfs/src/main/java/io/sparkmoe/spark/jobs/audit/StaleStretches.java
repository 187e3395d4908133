package io.sparkmoe.spark.jobs.audit;

import io.sparkmoe.spark.jobs.audit.Fragment.Run;
import io.sparkmoe.spark.jobs.rows.RowKey;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Joins the fragments at partition edges and judges the runs that were left open. */
final class StaleStretches {
    /** Consecutive identical tokens from which a stretch counts as stale padding. */
    static final int STALE_TOKENS = 8;

    private final AuditPartial out;
    private @Nullable Fragment previous;
    private @Nullable Run open;

    private StaleStretches(AuditPartial out) {
        this.out = out;
    }

    /** Adds what was open to the tallies; sequences that several partitions saw count once. */
    static void close(AuditPartial all) {
        List<Fragment> edges = new ArrayList<>(all.edges);
        edges.sort(Comparator.comparing(Fragment::key).thenComparingInt(Fragment::first));
        StaleStretches join = new StaleStretches(all);
        edges.forEach(join::add);
        join.judgeOpen();
        all.edges.clear();
    }

    private void add(Fragment f) {
        boolean sameSequence = previous != null && previous.key().equals(f.key());
        if (sameSequence && previous.partition() != f.partition()) {
            out.sequences--;
        }
        Run head = f.head();
        if (open != null && sameSequence && previous.end() == f.first() && f.headOpen() && open.same(head)) {
            head = open.longer(head.length());
        } else {
            judgeOpen();
        }
        previous = f;
        if (f.whole()) {
            open = head;
            return;
        }
        if (f.headOpen()) {
            judge(out, f.key(), head);
        }
        open = f.tailOpen() ? f.tail() : null;
    }

    private void judgeOpen() {
        if (open != null && previous != null) {
            judge(out, previous.key(), open);
        }
        open = null;
    }

    /** Counts a run that is long enough; tokens whose route is not known at any layer are masked, not stale. */
    static void judge(AuditPartial out, RowKey key, Run run) {
        if (run.known() && run.length() >= STALE_TOKENS) {
            out.source(key.source().toString())
                    .add(Reasons.STALE_PADDING, 1, run.length(), run.length() * run.idsPerToken());
        }
    }
}
