package io.sparkmoe.core.cpu;

import io.sparkmoe.core.routing.AlignOptions;
import io.sparkmoe.core.routing.AlignResult;
import io.sparkmoe.core.routing.ExpertMap;
import io.sparkmoe.core.routing.ListBuffer;
import io.sparkmoe.core.routing.MaskedPolicy;
import io.sparkmoe.core.routing.Memory;
import io.sparkmoe.core.routing.ResultBuffers;
import io.sparkmoe.core.routing.RoutingBatch;
import org.apache.arrow.memory.ArrowBuf;
import org.jspecify.annotations.Nullable;

/** moe_align_block_size: sizes of all segments first, then the results in buffers of just that size. */
final class Align {
    private final RoutingBatch batch;
    private final int blockSize;
    private final Keys keys;
    private final Histogram histogram;
    private final Tally tally;
    private final int firstKey;
    private final @Nullable ExpertMap remap;

    Align(RoutingBatch batch, AlignOptions options, Keys keys, Histogram histogram) {
        this.batch = batch;
        this.blockSize = options.blockSize();
        this.keys = keys;
        this.histogram = histogram;
        this.tally = new Tally(keys);
        this.firstKey = options.ids().masked() == MaskedPolicy.BIN ? Keys.MASKED : Keys.FIRST_BIN;
        ExpertMap map = options.ids().expertMap();
        this.remap = map != null && map.form() == ExpertMap.Form.REMAP ? map : null;
    }

    AlignResult run(ResultBuffers out) {
        int rows = batch.segments();
        ArrowBuf sortedOffsets = out.offsets(rows);
        ArrowBuf expertOffsets = out.offsets(rows);
        ArrowBuf postPad = out.take(4L * rows);
        measure(sortedOffsets.memoryAddress(), expertOffsets.memoryAddress(), postPad.memoryAddress());
        ListBuffer sorted = new ListBuffer(rows, 4, sortedOffsets, out.take(4L * sortedOffsets.getInt(4L * rows)));
        ListBuffer experts = new ListBuffer(rows, 4, expertOffsets, out.take(4L * expertOffsets.getInt(4L * rows)));
        for (int s = 0; s < rows; s++) {
            histogram.load(s);
            long sortedAt = sorted.values().memoryAddress() + 4L * sorted.start(s);
            fillBlocks(batch.length(s), sortedAt, experts.values().memoryAddress() + 4L * experts.start(s));
            histogram.scatter(s, firstKey, keys.above(), sortedAt);
        }
        return new AlignResult(sorted, experts, postPad, tally.counts());
    }

    private void measure(long sortedOffsets, long expertOffsets, long postPad) {
        long total = 0;
        for (int s = 0; s < batch.segments(); s++) {
            histogram.load(s);
            tally.add(batch, s, histogram);
            long padded = paddedLength();
            total += padded;
            ResultBuffers.checkTotal(total, padded, batch.firstRow() + s, "sorted_token_ids");
            Memory.putInt(postPad + 4L * s, (int) padded);
            Memory.putInt(sortedOffsets + 4L * (s + 1L), (int) total);
            Memory.putInt(expertOffsets + 4L * (s + 1L), (int) (total / blockSize));
        }
    }

    private long paddedLength() {
        long blocks = 0;
        for (int a = 0; a < histogram.actives(); a++) {
            int key = histogram.key(a);
            if (key >= firstKey && key < keys.above()) {
                blocks += blocks(histogram.count(key));
            }
        }
        return blocks * blockSize;
    }

    /** Blocks of {@code count} ids; most bins of a small segment need one, and a division takes its time. */
    private long blocks(int count) {
        return count <= blockSize ? 1 : (count + (blockSize - 1L)) / blockSize;
    }

    /** Writes the bin of each block and the sentinels behind each bin's ids, and leaves where the ids begin. */
    private void fillBlocks(int sentinel, long sorted, long experts) {
        int at = 0;
        long nextExpert = experts;
        for (int a = 0; a < histogram.actives(); a++) {
            int key = histogram.key(a);
            if (key < firstKey || key >= keys.above()) {
                continue;
            }
            int count = histogram.count(key);
            int blocks = (int) blocks(count);
            histogram.position(key, at);
            int end = at + blocks * blockSize;
            Fill.ints(sorted + 4L * (at + count), sentinel, end - at - count);
            Fill.ints(nextExpert, expertOf(key), blocks);
            nextExpert += 4L * blocks;
            at = end;
        }
    }

    private int expertOf(int key) {
        int bin = key - Keys.FIRST_BIN;
        return bin < 0 ? -1 : remap != null ? remap.local(bin) : bin;
    }
}
