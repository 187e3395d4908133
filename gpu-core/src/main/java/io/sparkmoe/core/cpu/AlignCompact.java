package io.sparkmoe.core.cpu;

import io.sparkmoe.core.routing.CompactResult;
import io.sparkmoe.core.routing.ListBuffer;
import io.sparkmoe.core.routing.Memory;
import io.sparkmoe.core.routing.ResultBuffers;
import io.sparkmoe.core.routing.RoutingBatch;
import org.apache.arrow.memory.ArrowBuf;

/** moe_align_compact: the stable order and where each bin's run starts. */
final class AlignCompact {
    private final RoutingBatch batch;
    private final Keys keys;
    private final Histogram histogram;
    private final Tally tally;

    AlignCompact(RoutingBatch batch, Keys keys, Histogram histogram) {
        this.batch = batch;
        this.keys = keys;
        this.histogram = histogram;
        this.tally = new Tally(keys);
    }

    CompactResult run(ResultBuffers out) {
        int rows = batch.segments();
        ListBuffer offsets = out.equalLists(rows, 4, keys.bins + 1L, batch.firstRow(), "expert_offsets");
        ArrowBuf sortedOffsets = out.offsets(rows);
        // As many as there are ids: dropped ids leave room behind the last list.
        ArrowBuf sorted = out.take(4 * batch.totalIds());
        int total = 0;
        for (int s = 0; s < rows; s++) {
            histogram.load(s);
            tally.add(batch, s, histogram);
            int kept = startBins(offsets.values().memoryAddress() + 4L * offsets.start(s));
            histogram.scatter(s, Keys.FIRST_BIN, keys.above(), sorted.memoryAddress() + 4L * total);
            total += kept;
            Memory.putInt(sortedOffsets.memoryAddress() + 4L * (s + 1L), total);
        }
        return new CompactResult(new ListBuffer(rows, 4, sortedOffsets, sorted), offsets, tally.counts());
    }

    /** Writes the offsets of all bins, the empty ones too; returns the ids of the segment. */
    private int startBins(long offsets) {
        int at = 0;
        int written = 0;
        for (int a = 0; a < histogram.actives(); a++) {
            int key = histogram.key(a);
            if (key < Keys.FIRST_BIN || key >= keys.above()) {
                continue;
            }
            int bin = key - Keys.FIRST_BIN;
            Fill.ints(offsets + 4L * written, at, bin + 1 - written);
            written = bin + 1;
            int count = histogram.count(key);
            histogram.position(key, at);
            at += count;
        }
        Fill.ints(offsets + 4L * written, at, keys.bins + 1 - written);
        return at;
    }
}
