package io.sparkmoe.core.cpu;

import io.sparkmoe.core.routing.CountsResult;
import io.sparkmoe.core.routing.ListBuffer;
import io.sparkmoe.core.routing.Memory;
import io.sparkmoe.core.routing.ResultBuffers;
import io.sparkmoe.core.routing.RoutingBatch;

/** moe_expert_counts: ids of each expert, a segment. */
final class ExpertCounts {
    private ExpertCounts() {}

    static CountsResult run(RoutingBatch batch, Keys keys, Histogram histogram, ResultBuffers out) {
        Tally tally = new Tally(keys);
        ListBuffer lists = out.equalLists(batch.segments(), 8, keys.bins, batch.firstRow(), "expert counts");
        long at = lists.values().memoryAddress();
        for (int s = 0; s < batch.segments(); s++, at += 8L * keys.bins) {
            histogram.load(s);
            tally.add(batch, s, histogram);
            Memory.fill(at, 8L * keys.bins, (byte) 0);
            for (int a = 0; a < histogram.actives(); a++) {
                int key = histogram.key(a);
                if (key >= Keys.FIRST_BIN && key < keys.above()) {
                    Memory.putLong(at + 8L * (key - Keys.FIRST_BIN), histogram.count(key));
                }
            }
        }
        return new CountsResult(lists, tally.counts());
    }
}
