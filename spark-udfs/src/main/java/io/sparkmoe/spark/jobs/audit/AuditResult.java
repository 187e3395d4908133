package io.sparkmoe.spark.jobs.audit;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** What a trace holds and what was found wrong with it. */
public final class AuditResult {
    /** One line of the audit. */
    public record Line(String source, String reason, Tally tally) {}

    private final AuditPartial partial;
    private final TreeMap<String, TreeMap<String, Tally>> bySource = new TreeMap<>();
    private final BitSet layers = new BitSet();

    /** @param expected the MoE layers that every token block must have, or null to take all layers seen */
    AuditResult(AuditPartial partial, @Nullable List<Integer> expected) {
        this.partial = partial;
        partial.sources().values().forEach(s -> layers.or(s.layers()));
        BitSet wanted = expected == null ? layers : set(expected);
        partial.sources().forEach((name, audit) -> {
            TreeMap<String, Tally> tallies = new TreeMap<>(audit.tallies());
            Tally missing = audit.missing(partial.recordedPasses && expected == null ? audit.layers() : wanted);
            if (missing.records() > 0) {
                tallies.put(Reasons.LAYERS_MISSING, missing);
            }
            bySource.put(name, tallies);
        });
        requireWhole();
    }

    private AuditResult(AuditResult o, UnaryOperator<String> names) {
        partial = o.partial;
        layers.or(o.layers);
        o.bySource.forEach((source, tallies) -> bySource.put(names.apply(source), tallies));
    }

    /** The same with sources under other names, which must stay distinct. */
    public AuditResult named(UnaryOperator<String> names) {
        return new AuditResult(this, names);
    }

    private static BitSet set(List<Integer> layers) {
        BitSet out = new BitSet();
        layers.forEach(out::set);
        return out;
    }

    private void requireWhole() {
        bySource.forEach((name, tallies) -> {
            Tally read = tallies.getOrDefault(Reasons.READ, Tally.NONE);
            Tally used = tallies.getOrDefault(Reasons.USED, Tally.NONE);
            Tally aside = tallies.getOrDefault(Reasons.QUARANTINED, Tally.NONE);
            if (!read.equals(used.plus(aside))) {
                throw new IllegalStateException(
                        name + ": read " + read + " is not used " + used + " + quarantined " + aside);
            }
        });
    }

    /** The lines by source: read, used and quarantined first, then the findings by name. */
    public List<Line> lines() {
        List<Line> out = new ArrayList<>();
        bySource.forEach((source, tallies) -> {
            for (String reason : List.of(Reasons.READ, Reasons.USED, Reasons.QUARANTINED)) {
                out.add(new Line(source, reason, tallies.getOrDefault(reason, Tally.NONE)));
            }
            tallies.forEach((reason, tally) -> {
                if (!isTotal(reason)) {
                    out.add(new Line(source, reason, tally));
                }
            });
        });
        return out;
    }

    /** The lines that name something found, without read, used and quarantined. */
    public List<Line> findings() {
        return lines().stream().filter(l -> !isTotal(l.reason())).toList();
    }

    private static boolean isTotal(String reason) {
        return reason.equals(Reasons.READ) || reason.equals(Reasons.USED) || reason.equals(Reasons.QUARANTINED);
    }

    /** A reason summed over sources. */
    public Tally total(String reason) {
        return bySource.values().stream()
                .map(t -> t.getOrDefault(reason, Tally.NONE))
                .reduce(Tally.NONE, Tally::plus);
    }

    /** Where a reason was seen first (out of range, length), or null. */
    public @Nullable Example example(String reason) {
        return partial.examples.get(reason);
    }

    /** (num_experts, topk) pairs of the usable rows; more than one means recordings of different models. */
    public List<Map.Entry<Integer, Integer>> shapes() {
        return partial.shapes().stream()
                .map(s -> Map.entry(s.numExperts(), s.topk()))
                .sorted(Map.Entry.<Integer, Integer>comparingByKey().thenComparing(Map.Entry.comparingByValue()))
                .toList();
    }

    /** The layers seen, ascending. */
    public List<Integer> layers() {
        return layers.stream().boxed().toList();
    }

    /** Files that gave at least one row. */
    public int sources() {
        return bySource.size();
    }

    public long sequences() {
        return partial.sequences;
    }

    /** Tokens of prefill blocks and of blocks without a phase; layers do not multiply it. */
    public long prefillTokens() {
        return partial.prefillTokens;
    }

    public long decodeTokens() {
        return partial.decodeTokens;
    }

    public long cachedTokens() {
        return partial.cachedTokens;
    }

    /** Whether some rows name their forward pass (step is not null). */
    public boolean recordedPasses() {
        return partial.recordedPasses;
    }

    /** Whether some rows name no forward pass, so that passes have to be replayed. */
    public boolean replayedPasses() {
        return partial.replayedPasses;
    }
}
