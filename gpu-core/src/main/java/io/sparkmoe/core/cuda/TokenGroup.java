package io.sparkmoe.core.cuda;

import io.sparkmoe.core.analysis.LayerBlocks;
import io.sparkmoe.core.analysis.Topk;
import io.sparkmoe.core.analysis.TransitionOptions;
import io.sparkmoe.core.routing.RoutingBatch;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Token blocks of one slot, one list of layers and one topk: their tokens are one line for the transition kernels. */
final class TokenGroup {
    final int slot;
    final int topk;
    final int[] layers;
    private int[] line = new int[16];
    private int[] firstSegments = new int[16];
    private int blocks;

    private TokenGroup(int slot, int topk, int[] layers) {
        this.slot = slot;
        this.topk = topk;
        this.layers = layers;
    }

    /** Tokens of all blocks. */
    int tokens() {
        return line[blocks];
    }

    int blocks() {
        return blocks;
    }

    /** Where each block's tokens begin, and where the last one's end. */
    int[] line() {
        return line;
    }

    /** The first segment of each block, counted from the first of the batch's. */
    int[] firstSegments() {
        return firstSegments;
    }

    private void add(int firstSegment, int tokens) {
        if (blocks + 1 == line.length) {
            line = Arrays.copyOf(line, 2 * line.length);
            firstSegments = Arrays.copyOf(firstSegments, 2 * firstSegments.length);
        }
        firstSegments[blocks] = firstSegment;
        line[blocks + 1] = line[blocks] + tokens;
        blocks++;
    }

    /** Pairs of the group's layers, from and to, that the options want. */
    List<int[]> pairs(TransitionOptions options) {
        List<int[]> out = new ArrayList<>();
        boolean all = options.lag() == TransitionOptions.ALL_PAIRS;
        for (int x = 0; x < layers.length; x++) {
            int from = all ? x + 1 : x + options.lag();
            int to = all ? layers.length : Math.min(layers.length, from + 1);
            for (int y = from; y < to; y++) {
                if (options.counts(layers[x], layers[y])) {
                    out.add(new int[] {x, y});
                }
            }
        }
        return out;
    }

    private record Key(int slot, int topk, List<Integer> layers) {}

    /** The groups of some blocks, or null where a block is not what the kernels take. */
    static @Nullable List<TokenGroup> of(SlottedBlocks slotted, int topk) {
        LayerBlocks blocks = slotted.blocks();
        Map<Key, TokenGroup> groups = new LinkedHashMap<>();
        TokenGroup last = null;
        for (int b = 0; b < blocks.blocks(); b++) {
            int first = blocks.firstSegment()[b];
            int end = blocks.firstSegment()[b + 1];
            if (first == end) {
                continue;
            }
            if (!wellFormed(blocks, first, end, topk)) {
                return null;
            }
            int n = blocks.ids().length(first);
            int slots = topk == Topk.OF_SEGMENT ? n : topk;
            if (last == null || !last.is(slotted.slots()[b], slots, blocks.layers(), first, end)) {
                int[] layers = Arrays.copyOfRange(blocks.layers(), first, end);
                Key key = new Key(
                        slotted.slots()[b], slots, Arrays.stream(layers).boxed().toList());
                last = groups.computeIfAbsent(key, k -> new TokenGroup(k.slot(), k.topk(), layers));
            }
            last.add(first - slotted.firstSegment(), slots == 0 ? 0 : n / slots);
        }
        return List.copyOf(groups.values());
    }

    private boolean is(int otherSlot, int otherTopk, int[] other, int from, int to) {
        return slot == otherSlot && topk == otherTopk && Arrays.equals(layers, 0, layers.length, other, from, to);
    }

    private static boolean wellFormed(LayerBlocks blocks, int first, int end, int topk) {
        RoutingBatch ids = blocks.ids();
        int n = ids.length(first);
        if (topk == Topk.OF_SEGMENT ? n > TokenLine.MAX_TOPK : n % topk != 0) {
            return false;
        }
        for (int s = first + 1; s < end; s++) {
            if (blocks.layers()[s] <= blocks.layers()[s - 1] || ids.length(s) != n) {
                return false;
            }
        }
        return true;
    }
}
