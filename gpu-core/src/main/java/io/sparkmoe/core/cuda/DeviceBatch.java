package io.sparkmoe.core.cuda;

import io.sparkmoe.core.routing.RoutingBatch;

/**
 * A batch in device memory.
 *
 * @param host the batch it is a copy of; segment offsets are read there
 * @param ids address of the first id of segment 0
 * @param offsets address of int32 [segments + 1], which do not start at 0 where the host's do not
 */
record DeviceBatch(RoutingBatch host, long ids, long offsets) {
    int segments() {
        return host.segments();
    }

    /** The type's number in the kernels. */
    int type() {
        return host.type().ordinal();
    }

    long totalIds() {
        return host.totalIds();
    }

    /** The length of the longest segment. */
    int longest() {
        int longest = 0;
        for (int s = 0; s < host.segments(); s++) {
            longest = Math.max(longest, host.length(s));
        }
        return longest;
    }
}
