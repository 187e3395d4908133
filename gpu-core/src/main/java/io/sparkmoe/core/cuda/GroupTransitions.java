package io.sparkmoe.core.cuda;

import io.sparkmoe.core.analysis.TransitionOptions;
import io.sparkmoe.core.cuda.driver.KernelArguments;
import io.sparkmoe.core.cuda.driver.LaunchConfig;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Launches that add the transitions of a group of token blocks: by a product of bits where it pays, else token by token.
 * Everything is in device memory before the first launch.
 */
final class GroupTransitions {
    private static final String TOKENS = "transitions";
    private static final String PRODUCT = "transitions_sm90";
    private static final int ALL = 0;
    private static final int SAME = 1;
    private static final int REPEATED = 2;

    private final DeviceBatch batch;
    private final TokenGroup group;
    private final TransitionOptions options;
    private final int numPairs;
    private final long line;
    private final long firstSegments;
    private final long pairs;
    private final long cells;
    private final int numTiles;
    private final long tiles;
    private final @Nullable BitScratch bits;

    /**
     * @param wanted pairs of the group's layers
     * @param at the device address of the counts of each
     */
    GroupTransitions(
            Lane lane, DeviceBatch batch, TokenGroup group, TransitionOptions options, List<int[]> wanted, long[] at) {
        this.batch = batch;
        this.group = group;
        this.options = options;
        this.numPairs = wanted.size();
        int layers = group.layers.length;
        this.line = lane.upload(group.line(), group.blocks() + 1);
        this.firstSegments = lane.upload(group.firstSegments(), group.blocks());
        int[] flat = wanted.stream().flatMapToInt(java.util.Arrays::stream).toArray();
        this.pairs = lane.upload(flat, flat.length);
        long[] table = new long[layers * layers];
        boolean[][] mask = new boolean[layers][layers];
        for (int p = 0; p < numPairs; p++) {
            int[] pair = wanted.get(p);
            table[pair[0] * layers + pair[1]] = at[p];
            mask[pair[0]][pair[1]] = true;
        }
        this.cells = lane.upload(table);
        boolean product = numPairs > 0
                && options.slots() == TransitionOptions.Slots.ALL
                && lane.hasClusters()
                && TransitionShapes.productPays(group.tokens(), group.topk, options.numExperts());
        int[] tileNumbers = product ? TransitionShapes.tiles(mask, options.numExperts()) : new int[0];
        this.numTiles = tileNumbers.length / 2;
        this.tiles = lane.upload(tileNumbers, tileNumbers.length);
        this.bits = product ? BitScratch.take(lane, group.tokens(), layers, options.numExperts()) : null;
    }

    /** Adds to the lane's tally. */
    void launch(Lane lane) {
        BitScratch scratch = bits;
        if (scratch == null) {
            int mode = options.slots() == TransitionOptions.Slots.SAME ? SAME : ALL;
            byTokens(lane, 0, group.tokens(), null, mode, 1);
            return;
        }
        for (int first = 0; first < group.tokens(); first += scratch.tokens()) {
            byBits(lane, scratch, first, Math.min(scratch.tokens(), group.tokens() - first));
        }
    }

    private KernelArguments arguments(Lane lane) {
        return lane.arguments()
                .address(batch.ids())
                .i32(batch.type())
                .address(batch.offsets())
                .address(line)
                .address(firstSegments)
                .i32(group.blocks())
                .i32(group.layers.length)
                .i32(group.topk)
                .i32(options.numExperts());
    }

    private void byBits(Lane lane, BitScratch scratch, int first, int tokens) {
        int words = TransitionShapes.words(tokens);
        int layers = group.layers.length;
        long flagBytes = BitScratch.flagBytes(layers, words);
        long listed = scratch.flags() + flagBytes - Integer.BYTES;
        lane.stream().fill(scratch.flags(), (byte) 0, flagBytes);
        arguments(lane)
                .i32(first)
                .i32(tokens)
                .i32(words)
                .address(scratch.bits())
                .address(scratch.flags())
                .address(scratch.list())
                .address(listed)
                .address(lane.tally());
        lane.launch(PRODUCT, "transitions_pack", TransitionShapes.pack(words, layers, options.numExperts()));
        lane.arguments()
                .address(scratch.bits())
                .i32(words)
                .i32(layers)
                .i32(options.numExperts())
                .address(tiles)
                .address(cells);
        lane.launch(PRODUCT, "transitions_product", TransitionShapes.product(numTiles, words, lane.multiprocessors()));
        byTokens(lane, first, tokens, scratch, REPEATED, 0);
    }

    private void byTokens(Lane lane, int first, int tokens, @Nullable BitScratch of, int mode, int countsOdd) {
        int words = TransitionShapes.words(tokens);
        long flags = of == null ? 0 : of.flags();
        long listed = of == null ? 0 : flags + BitScratch.flagBytes(group.layers.length, words) - Integer.BYTES;
        arguments(lane)
                .i32(first)
                .i32(tokens)
                .address(of == null ? 0 : of.list())
                .address(listed)
                .address(flags)
                .i32(words)
                .address(pairs)
                .i32(numPairs)
                .address(cells)
                .i32(mode)
                .i32(countsOdd)
                .address(lane.tally());
        long items = (long) tokens * (numPairs + (countsOdd == 0 ? 0 : group.layers.length));
        LaunchConfig shape = TransitionShapes.tokens(items, lane.multiprocessors());
        lane.launch(TOKENS, "transitions_tokens", shape);
    }
}
