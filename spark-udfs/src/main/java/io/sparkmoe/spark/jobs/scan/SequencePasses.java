package io.sparkmoe.spark.jobs.scan;

import io.sparkmoe.spark.jobs.passes.PassFamilies;
import io.sparkmoe.spark.jobs.passes.PassHistograms;
import io.sparkmoe.spark.jobs.passes.PassReplay;
import io.sparkmoe.spark.jobs.passes.PassWindow;
import io.sparkmoe.spark.jobs.passes.ReplayOptions;
import io.sparkmoe.spark.jobs.rows.RowKey;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Prefill passes of one sequence after the other, all layers side by side: N consecutive prompt tokens, counted from the
 * first that the sequence has at a layer. Where a task's edge may have cut the sequence, the passes at that edge go out as
 * fragments, counted from position 0 if the start is another task's; {@link EdgeStarts} tells later whether that was right.
 */
final class SequencePasses {
    private final ReplayOptions options;
    private final List<List<Integer>> families;
    private final PassHistograms passes;
    private final PassFragments fragments;
    private final boolean whole;
    private final Map<Integer, LayerWalk> layers = new TreeMap<>();
    private final List<Map.Entry<PartialKey, byte[]>> edges = new ArrayList<>();
    private @Nullable RowKey key;
    private boolean cutAtStart;

    SequencePasses(ReplayOptions options, PassHistograms passes, PassFragments fragments, boolean whole) {
        this.options = options;
        this.families = PassFamilies.of(options.tokensPerPass());
        this.passes = passes;
        this.fragments = fragments;
        this.whole = whole;
    }

    void row(RowKey rowKey, int layer, int position, int tokens, short[] codes) {
        if (key == null || !rowKey.equals(key)) {
            boolean edge = key == null || !rowKey.source().equals(key.source());
            end(edge);
            key = rowKey;
            cutAtStart = edge && !whole;
        }
        layers.computeIfAbsent(layer, l -> new LayerWalk(l, position, cutAtStart ? 0 : position))
                .add(position, tokens, codes);
    }

    /** Ends the sequence at hand; {@code edge}: another task may go on with it. */
    void end(boolean edge) {
        boolean cutAtEnd = edge && !whole;
        for (LayerWalk walk : layers.values()) {
            walk.end(cutAtEnd);
            if (cutAtStart || cutAtEnd) {
                edges.add(Map.entry(
                        new PartialKey(Family.EDGE, walk.layer, key.choice(), 0, SequenceName.of(key)),
                        ByteBuffer.allocate(16)
                                .putLong(walk.first)
                                .putLong(walk.origin)
                                .array()));
            }
        }
        layers.clear();
    }

    void drain(Feeder.Output out) {
        edges.forEach(e -> out.add(e.getKey(), e.getValue()));
        edges.clear();
    }

    /** One layer of the sequence at hand. */
    private final class LayerWalk {
        private final int layer;
        private final long first;
        private final long origin;
        private final List<PassWindow> windows = new ArrayList<>();
        private final long[] windowIndex = new long[families.size()];
        private final boolean[] later = new boolean[families.size()];

        LayerWalk(int layer, long first, long origin) {
            this.layer = layer;
            this.first = first;
            this.origin = origin;
            families.forEach(f -> windows.add(new PassWindow(f, options.topk())));
        }

        void add(long position, int tokens, short[] codes) {
            for (int f = 0; f < windows.size(); f++) {
                spread(f, position - origin, tokens, codes);
            }
        }

        private void spread(int family, long offset, int tokens, short[] codes) {
            int largest = windows.get(family).largest();
            for (int done = 0; done < tokens; ) {
                long index = Math.floorDiv(offset + done, (long) largest);
                if (index != windowIndex[family]) {
                    emit(family, false);
                    windowIndex[family] = index;
                }
                int at = (int) Math.floorMod(offset + done, (long) largest);
                int count = Math.min(tokens - done, largest - at);
                windows.get(family).add(at, codes, done, count);
                done += count;
            }
        }

        /** Emits the window at hand; passes at a cut edge that are not whole go out as fragments. */
        private void emit(int family, boolean cutAtEnd) {
            PassWindow window = windows.get(family);
            boolean cutHere = cutAtStart && !later[family];
            long start = origin + windowIndex[family] * window.largest();
            boolean[] any = new boolean[1];
            window.emit((n, codes, from, length, offset, firstPass, lastPass) -> {
                any[0] = true;
                boolean cut = (firstPass && cutHere) || (lastPass && cutAtEnd);
                if (cut && length < n * options.topk()) {
                    fragments.prefill(key, layer, n, start + offset / n * (long) n, codes, from, length);
                } else {
                    passes.pass(layer, PassReplay.PREFILL, n, codes, from, length);
                }
            });
            later[family] |= any[0];
        }

        void end(boolean cutAtEnd) {
            for (int f = 0; f < windows.size(); f++) {
                emit(f, cutAtEnd);
            }
        }
    }
}
