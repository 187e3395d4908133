package io.sparkmoe.core.cuda;

import io.sparkmoe.core.routing.RoutingBatch;
import java.util.Arrays;

/**
 * How the large segments of a batch are cut into chunks, one block's share each: as many as the device holds at once.
 *
 * @param warps warps a block of the writing launch: 8 when there are few ids, else 16
 * @param items ids a lane and tile; a tile is warps * 32 * items ids
 * @param chunkIds ids a chunk; the last of a segment may have fewer
 * @param work int32 [chunks][4]: segment, chunk of the segment, chunks of the segment, index among the large segments
 * @param segments the large segments, ascending
 * @param firstChunk [segments + 1] index of each one's first chunk
 */
@SuppressWarnings("ArrayRecordComponent") // private to the package, never compared
record LargePlan(int warps, int items, int chunkIds, int[] work, int[] segments, int[] firstChunk) {
    /** From here on a batch of one segment is large; below, one block does it faster. */
    static final int LARGE_ALONE = 32_768;

    /** From here on a segment of a batch is large. */
    static final int LARGE_AMONG_OTHERS = 65_536;

    /** Blocks of the writing launch that fit a multiprocessor. */
    private static final int RESIDENT = 2;

    private static final int FEW_A_CHUNK = 4096;
    private static final int STEP = 128;

    /** The length from which on segments of the batch are large. */
    static int from(RoutingBatch batch) {
        return batch.segments() == 1 ? LARGE_ALONE : LARGE_AMONG_OTHERS;
    }

    /**
     * @param mostShared shared memory that a block may have: blocks of 16 warps need more than the oldest devices have
     */
    static LargePlan of(RoutingBatch batch, int bins, int multiprocessors, int mostShared) {
        int from = from(batch);
        long ids = 0;
        int count = 0;
        for (int s = 0; s < batch.segments(); s++) {
            if (batch.length(s) >= from) {
                ids += batch.length(s);
                count++;
            }
        }
        int slots = RESIDENT * multiprocessors;
        boolean small = ids <= slots * (long) FEW_A_CHUNK || Shapes.sortShared(16, 32, bins) > mostShared;
        int least = small ? 512 : FEW_A_CHUNK;
        int chunkIds = STEP * Shapes.ceilDiv(Math.max(Shapes.ceilDiv(ids, slots), least), STEP);
        return cut(batch, from, count, small ? 8 : 16, small ? 8 : 32, chunkIds);
    }

    private static LargePlan cut(RoutingBatch batch, int from, int count, int warps, int items, int chunkIds) {
        int[] segments = new int[count];
        int[] firstChunk = new int[count + 1];
        int[] work = new int[0];
        int large = 0;
        for (int s = 0; s < batch.segments(); s++) {
            if (batch.length(s) < from) {
                continue;
            }
            int chunks = Shapes.ceilDiv(batch.length(s), chunkIds);
            int first = firstChunk[large];
            work = work.length < 4 * (first + chunks) ? Arrays.copyOf(work, 8 * (first + chunks)) : work;
            for (int c = 0, at = 4 * first; c < chunks; c++, at += 4) {
                work[at] = s;
                work[at + 1] = c;
                work[at + 2] = chunks;
                work[at + 3] = large;
            }
            segments[large] = s;
            firstChunk[++large] = first + chunks;
        }
        return new LargePlan(warps, items, chunkIds, Arrays.copyOf(work, 4 * firstChunk[count]), segments, firstChunk);
    }

    int count() {
        return segments.length;
    }

    int chunks() {
        return firstChunk[segments.length];
    }

    boolean any() {
        return segments.length > 0;
    }
}
