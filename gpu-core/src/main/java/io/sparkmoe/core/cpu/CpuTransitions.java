package io.sparkmoe.core.cpu;

import io.sparkmoe.core.analysis.LayerBlocks;
import io.sparkmoe.core.analysis.LayerPair;
import io.sparkmoe.core.analysis.Topk;
import io.sparkmoe.core.analysis.TransitionAccumulator;
import io.sparkmoe.core.analysis.TransitionOptions;
import io.sparkmoe.core.routing.IdCodec;
import io.sparkmoe.core.routing.IdCounts;
import io.sparkmoe.core.routing.InvalidPolicy;
import io.sparkmoe.core.routing.MalformedRoutingException;
import io.sparkmoe.core.routing.RoutingBatch;
import java.util.Arrays;
import java.util.Collections;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Transitions on the heap, 4 E^2 bytes a slot and layer pair. A block's layers are decoded once; then one pair after the
 * other runs over the block's tokens, so that one matrix is in the cache at a time.
 */
final class CpuTransitions implements TransitionAccumulator {
    private final TransitionOptions options;
    private @Nullable TreeMap<LayerPair, TransitionCounts>[] pairs = table(0);
    private int[][] ids = new int[0][];
    private boolean[] odd = new boolean[0];
    private IdCounts leftOut = IdCounts.NONE;
    private long bytes;

    CpuTransitions(TransitionOptions options) {
        this.options = options;
    }

    @SuppressWarnings({"unchecked", "rawtypes"})
    private static TreeMap<LayerPair, TransitionCounts>[] table(int slots) {
        return (TreeMap<LayerPair, TransitionCounts>[]) new TreeMap[slots];
    }

    @Override
    public void add(LayerBlocks blocks, int[] slots, int numSlots) {
        if (numSlots > pairs.length) {
            pairs = Arrays.copyOf(pairs, Math.max(numSlots, 2 * pairs.length));
        }
        for (int b = 0; b < blocks.blocks(); b++) {
            int first = blocks.firstSegment()[b];
            int layers = blocks.firstSegment()[b + 1] - first;
            if (layers > 0) {
                int topk = check(blocks, b, first, layers);
                decode(blocks, b, first, layers);
                count(blocks, first, layers, topk, slots[b]);
            }
        }
    }

    private int check(LayerBlocks blocks, int b, int first, int layers) {
        RoutingBatch batch = blocks.ids();
        long row = blocks.firstRow() + b;
        int topk = Topk.of(batch, first, options.topk());
        for (int x = first + 1; x < first + layers; x++) {
            if (blocks.layers()[x] <= blocks.layers()[x - 1]) {
                throw new MalformedRoutingException(
                        row,
                        -1,
                        String.format(
                                "row %d: layer %d comes after layer %d; the layers of a token block ascend and are there once.",
                                row, blocks.layers()[x], blocks.layers()[x - 1]));
            }
            if (batch.length(x) != batch.length(first)) {
                throw new MalformedRoutingException(
                        row,
                        -1,
                        String.format(
                                "row %d: layer %d has %d ids, layer %d has %d; every layer of a token block has the same tokens.",
                                row, blocks.layers()[x], batch.length(x), blocks.layers()[first], batch.length(first)));
            }
        }
        return topk;
    }

    private void decode(LayerBlocks blocks, int b, int first, int layers) {
        RoutingBatch batch = blocks.ids();
        int n = batch.length(first);
        if (ids.length < layers) {
            ids = Arrays.copyOf(ids, layers);
            odd = Arrays.copyOf(odd, layers);
        }
        for (int x = 0; x < layers; x++) {
            if (ids[x] == null || ids[x].length < n) {
                ids[x] = new int[Math.max(n, 1024)];
            }
            IdCodec.decode(batch.type(), batch.address(first + x), ids[x], 0, n);
            odd[x] = !inRange(ids[x], n);
            if (odd[x]) {
                settle(blocks, b, first + x, ids[x], n);
            }
        }
        leftOut = leftOut.plus(new IdCounts((long) layers * n, 0, 0, 0));
    }

    private boolean inRange(int[] of, int count) {
        int largest = options.numExperts() - 1;
        int signs = 0;
        for (int i = 0; i < count; i++) {
            signs |= of[i] | (largest - of[i]);
        }
        return signs >= 0;
    }

    /** Counts odd ids and makes them all negative; an invalid one is refused where it is an error. */
    private void settle(LayerBlocks blocks, int b, int segment, int[] of, int count) {
        long masked = 0;
        long invalid = 0;
        for (int i = 0; i < count; i++) {
            if (of[i] == -1) {
                masked++;
            } else if (of[i] < 0 || of[i] >= options.numExperts()) {
                if (options.invalid() == InvalidPolicy.ERROR) {
                    throw refused(blocks.firstRow() + b, blocks.layers()[segment], i, of[i]);
                }
                of[i] = -1;
                invalid++;
            }
        }
        leftOut = leftOut.plus(new IdCounts(0, masked, invalid, 0));
    }

    private MalformedRoutingException refused(long row, int layer, int position, int id) {
        return new MalformedRoutingException(
                row,
                position,
                String.format(
                        "row %d, layer %d, position %d: expert id %d is outside [0, %d). Check num_experts, "
                                + "or pass invalid => 'drop' to leave such ids out and count them.",
                        row, layer, position, id, options.numExperts()));
    }

    private void count(LayerBlocks blocks, int first, int layers, int topk, int slot) {
        int n = blocks.ids().length(first);
        int[] numbers = blocks.layers();
        boolean all = options.lag() == TransitionOptions.ALL_PAIRS;
        for (int x = 0; x < layers; x++) {
            int from = all ? x + 1 : x + options.lag();
            int to = all ? layers : Math.min(layers, from + 1);
            for (int y = from; y < to; y++) {
                if (options.counts(numbers[first + x], numbers[first + y])) {
                    count(of(slot, numbers[first + x], numbers[first + y]), x, y, n, topk);
                }
            }
        }
    }

    private void count(TransitionCounts counts, int x, int y, int n, int topk) {
        counts.reserve((long) n * Math.max(topk, 1));
        if (options.slots() == TransitionOptions.Slots.SAME) {
            counts.addSame(ids[x], ids[y], n);
        } else {
            counts.addAll(ids[x], ids[y], n, Math.max(topk, 1), odd[x] || odd[y]);
        }
    }

    private TransitionCounts of(int slot, int fromLayer, int toLayer) {
        TreeMap<LayerPair, TransitionCounts> of = pairs[slot];
        if (of == null) {
            of = new TreeMap<>();
            pairs[slot] = of;
        }
        return of.computeIfAbsent(new LayerPair(fromLayer, toLayer), p -> {
            TransitionCounts fresh = new TransitionCounts(options.numExperts());
            bytes += fresh.bytes();
            return fresh;
        });
    }

    @Override
    public SortedSet<LayerPair> pairs(int slot) {
        TreeMap<LayerPair, TransitionCounts> of = pairs[slot];
        return of == null ? new TreeSet<>() : Collections.unmodifiableSortedSet(of.navigableKeySet());
    }

    @Override
    public void read(int slot, LayerPair pair, long[] out) {
        TreeMap<LayerPair, TransitionCounts> of = pairs[slot];
        TransitionCounts counts = of == null ? null : of.get(pair);
        if (counts == null) {
            Arrays.fill(out, 0);
        } else {
            counts.read(out);
        }
    }

    @Override
    public long bytes() {
        return bytes;
    }

    @Override
    public void clear() {
        Arrays.fill(pairs, null);
        leftOut = IdCounts.NONE;
        bytes = 0;
    }

    @Override
    public IdCounts counts() {
        return leftOut;
    }

    @Override
    public void close() {
        pairs = table(0);
        bytes = 0;
    }
}
