package io.sparkmoe.core.cuda;

import io.sparkmoe.core.routing.RoutingBatch;
import java.util.Arrays;

/**
 * The segments of a batch by who sorts them: a warp each, a block each, or the launches for large ones.
 *
 * @param warp segments of a warp each, ascending
 * @param block segments of a block each, ascending
 * @param longest ids of the longest segment of a block
 */
@SuppressWarnings("ArrayRecordComponent") // private to the package, never compared
record SegmentClasses(int[] warp, int[] block, int longest) {
    /**
     * @param warpUpTo most ids that a warp sorts; -1: none
     * @param largeFrom from here on segments are large
     */
    static SegmentClasses of(RoutingBatch batch, int warpUpTo, int largeFrom) {
        int[] warp = new int[batch.segments()];
        int[] block = new int[batch.segments()];
        int warps = 0;
        int blocks = 0;
        int longest = 0;
        for (int s = 0; s < batch.segments(); s++) {
            int length = batch.length(s);
            if (length <= warpUpTo) {
                warp[warps++] = s;
            } else if (length < largeFrom) {
                block[blocks++] = s;
                longest = Math.max(longest, length);
            }
        }
        return new SegmentClasses(Arrays.copyOf(warp, warps), Arrays.copyOf(block, blocks), longest);
    }

    /** Uploads a list of segments; 0, which kernels take for all, when it holds every segment or none. */
    static long upload(int[] list, int segments, Lane lane) {
        return list.length == segments || list.length == 0 ? 0 : lane.upload(list, list.length);
    }
}
