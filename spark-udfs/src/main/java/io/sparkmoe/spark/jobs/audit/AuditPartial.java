package io.sparkmoe.spark.jobs.audit;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** What one or more partitions found; merges by addition, in any order. */
final class AuditPartial implements Serializable {
    private static final long serialVersionUID = 1L;

    /** Number of experts and topk of a recording. */
    record Shape(int numExperts, int topk) implements Serializable {
        private static final long serialVersionUID = 1L;
    }

    final TreeMap<String, SourceAudit> sources = new TreeMap<>();
    final HashSet<Shape> shapes = new HashSet<>();
    final TreeMap<String, Example> examples = new TreeMap<>();
    final ArrayList<Fragment> edges = new ArrayList<>();
    long sequences;
    long prefillTokens;
    long decodeTokens;
    long cachedTokens;
    boolean recordedPasses;
    boolean replayedPasses;

    SourceAudit source(String name) {
        return sources.computeIfAbsent(name, n -> new SourceAudit());
    }

    void example(String reason, Example example) {
        examples.merge(reason, example, (a, b) -> a.compareTo(b) <= 0 ? a : b);
    }

    AuditPartial plus(AuditPartial o) {
        o.sources.forEach((name, audit) -> source(name).addAll(audit));
        shapes.addAll(o.shapes);
        o.examples.forEach(this::example);
        edges.addAll(o.edges);
        sequences += o.sequences;
        prefillTokens += o.prefillTokens;
        decodeTokens += o.decodeTokens;
        cachedTokens += o.cachedTokens;
        recordedPasses |= o.recordedPasses;
        replayedPasses |= o.replayedPasses;
        return this;
    }

    Set<Shape> shapes() {
        return shapes;
    }

    List<Fragment> edges() {
        return edges;
    }

    Map<String, SourceAudit> sources() {
        return sources;
    }
}
