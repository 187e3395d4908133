package io.sparkmoe.core.cpu;

import io.sparkmoe.core.routing.RoutingBatch;
import java.util.Arrays;

/**
 * The segments of a batch in the order of their slots, stable: what a slot holds stays in the cache while its segments
 * pass. Scratch is reused from batch to batch.
 */
final class SlotOrder {
    private int[] order = new int[0];
    private int[] starts = new int[0];

    /** The segments' numbers; valid until the next call. */
    int[] of(RoutingBatch batch, int[] slots, int numSlots) {
        int n = batch.segments();
        order = order.length < n ? new int[Math.max(n, 2 * order.length)] : order;
        if (ascending(slots, n)) {
            for (int s = 0; s < n; s++) {
                order[s] = s;
            }
            return order;
        }
        starts = starts.length <= numSlots ? new int[numSlots + 1] : starts;
        Arrays.fill(starts, 0, numSlots + 1, 0);
        for (int s = 0; s < n; s++) {
            starts[slots[s] + 1]++;
        }
        for (int slot = 0; slot < numSlots; slot++) {
            starts[slot + 1] += starts[slot];
        }
        for (int s = 0; s < n; s++) {
            order[starts[slots[s]]++] = s;
        }
        return order;
    }

    private static boolean ascending(int[] slots, int n) {
        for (int s = 1; s < n; s++) {
            if (slots[s] < slots[s - 1]) {
                return false;
            }
        }
        return true;
    }
}
