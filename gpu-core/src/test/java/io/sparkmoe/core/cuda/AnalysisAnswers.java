package io.sparkmoe.core.cuda;

import io.sparkmoe.core.analysis.CoactivationAccumulator;
import io.sparkmoe.core.analysis.CoactivationKind;
import io.sparkmoe.core.analysis.CoactivationOptions;
import io.sparkmoe.core.analysis.LayerBlocks;
import io.sparkmoe.core.analysis.LayerPair;
import io.sparkmoe.core.analysis.TransitionAccumulator;
import io.sparkmoe.core.analysis.TransitionOptions;
import io.sparkmoe.core.analysis.Triangle;
import io.sparkmoe.core.routing.InvalidPolicy;
import io.sparkmoe.core.routing.RoutingBackend;
import io.sparkmoe.core.routing.RoutingBatch;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.arrow.memory.BufferAllocator;

/** The analyses' accumulators over a batch, answers as text to compare. */
final class AnalysisAnswers {
    private static final int LAYERS = 3;
    private static final int SLOTS = 200;

    private AnalysisAnswers() {}

    /** Two batches, the second with more slots. */
    static Map<String, Object> coactivation(RoutingBackend backend, RoutingBatch batch, BufferAllocator allocator) {
        CoactivationOptions options =
                new CoactivationOptions(Answers.EXPERTS, MixedBatch.TOPK, CoactivationKind.TOKENS, InvalidPolicy.DROP);
        Map<String, Object> out = new LinkedHashMap<>();
        try (CoactivationAccumulator sums = backend.analyses().coactivation(options, allocator)) {
            sums.add(batch, Answers.slots(batch, 5), 5);
            sums.add(batch, Answers.slots(batch, SLOTS), SLOTS);
            for (int slot = 0; slot < SLOTS; slot++) {
                long[] triangle = new long[Triangle.size(Answers.EXPERTS)];
                sums.read(slot, triangle);
                out.put("slot " + slot, Arrays.toString(triangle));
            }
            out.put("counts", sums.counts());
        }
        return out;
    }

    /** Every segment as a block of three layers; two batches, the second with more slots. */
    static Map<String, Object> transitions(RoutingBackend backend, RoutingBatch batch, BufferAllocator allocator) {
        TransitionOptions options = new TransitionOptions(
                Answers.EXPERTS,
                MixedBatch.TOPK,
                TransitionOptions.ALL_PAIRS,
                TransitionOptions.Slots.ALL,
                0,
                1,
                InvalidPolicy.DROP);
        Map<String, Object> out = new LinkedHashMap<>();
        try (MixedBatch layered = MixedBatch.layered(batch, LAYERS, allocator);
                TransitionAccumulator sums = backend.analyses().transitions(options, allocator)) {
            int[] first = IntStream.rangeClosed(0, batch.segments())
                    .map(b -> b * LAYERS)
                    .toArray();
            int[] layers = IntStream.range(0, layered.batch().segments())
                    .map(s -> s % LAYERS)
                    .toArray();
            LayerBlocks blocks = new LayerBlocks(layered.batch(), first, layers, 0);
            sums.add(blocks, Answers.slots(batch, 2), 2);
            sums.add(blocks, Answers.slots(batch, 20), 20);
            for (int slot = 0; slot < 20; slot++) {
                for (LayerPair pair : sums.pairs(slot)) {
                    long[] counts = new long[Answers.EXPERTS * Answers.EXPERTS];
                    sums.read(slot, pair, counts);
                    out.put("slot " + slot + " " + pair, Arrays.toString(counts));
                }
            }
            out.put("counts", sums.counts());
        }
        return out;
    }
}
