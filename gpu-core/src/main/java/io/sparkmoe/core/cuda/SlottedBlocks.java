package io.sparkmoe.core.cuda;

import io.sparkmoe.core.analysis.LayerBlocks;
import io.sparkmoe.core.routing.RoutingBatch;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Token blocks and their group slots, each in [0, numSlots).
 *
 * @param slots [blocks.blocks()] or more
 */
@SuppressWarnings("ArrayRecordComponent") // a view for one call; nothing compares it
record SlottedBlocks(LayerBlocks blocks, int[] slots, int numSlots) {
    /** The first segment of the first block. */
    int firstSegment() {
        return blocks.firstSegment()[0];
    }

    /** The segments of all blocks. */
    RoutingBatch ids() {
        return blocks.ids().slice(firstSegment(), blocks.firstSegment()[blocks.blocks()]);
    }

    /** Two halves, or null when they are not worth another try. */
    SlottedBlocks @Nullable [] halves() {
        int n = blocks.blocks();
        if (n < 2 || !DeviceCalls.worthCutting(ids())) {
            return null;
        }
        return new SlottedBlocks[] {part(0, n / 2), part(n / 2, n)};
    }

    private SlottedBlocks part(int from, int to) {
        LayerBlocks part = new LayerBlocks(
                blocks.ids(),
                Arrays.copyOfRange(blocks.firstSegment(), from, to + 1),
                blocks.layers(),
                blocks.firstRow() + from);
        return new SlottedBlocks(part, Arrays.copyOfRange(slots, from, to), numSlots);
    }
}
