package io.sparkmoe.core.analysis;

import io.sparkmoe.core.routing.RoutingBatch;

/**
 * Token blocks with all their layers: block b is the segments [firstSegment[b], firstSegment[b + 1]) of {@code ids}, one a
 * layer, each with the same tokens in the same order. A view, like the batch that it holds.
 *
 * @param ids one segment a block and layer
 * @param firstSegment [blocks + 1]
 * @param layers [ids.segments()]: the layer of each segment, ascending inside a block
 * @param firstRow number of block 0 in the caller's counting, for messages
 */
@SuppressWarnings("ArrayRecordComponent") // a view for one call; nothing compares it
public record LayerBlocks(RoutingBatch ids, int[] firstSegment, int[] layers, long firstRow) {
    /** Number of blocks. */
    public int blocks() {
        return firstSegment.length - 1;
    }
}
