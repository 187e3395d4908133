package io.sparkmoe.core.cuda;

import io.sparkmoe.core.routing.RoutingBatch;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A batch and the group slots of its segments, each in [0, numSlots).
 *
 * @param slots [batch.segments()] or more
 */
@SuppressWarnings("ArrayRecordComponent") // a view for one call; nothing compares it
record SlottedBatch(RoutingBatch batch, int[] slots, int numSlots) {
    /** Two halves, or null when they are not worth another try. */
    SlottedBatch @Nullable [] halves() {
        if (!DeviceCalls.worthCutting(batch)) {
            return null;
        }
        int middle = DeviceCalls.middle(batch);
        int[] rest = Arrays.copyOfRange(slots, middle, batch.segments());
        return new SlottedBatch[] {
            new SlottedBatch(batch.slice(0, middle), slots, numSlots),
            new SlottedBatch(batch.slice(middle, batch.segments()), rest, numSlots)
        };
    }
}
