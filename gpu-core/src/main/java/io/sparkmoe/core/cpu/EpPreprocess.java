package io.sparkmoe.core.cpu;

import io.sparkmoe.core.routing.EpForm;
import io.sparkmoe.core.routing.EpPreprocessOptions;
import io.sparkmoe.core.routing.EpPreprocessResult;
import io.sparkmoe.core.routing.ExpertMap;
import io.sparkmoe.core.routing.ListBuffer;
import io.sparkmoe.core.routing.MalformedRoutingException;
import io.sparkmoe.core.routing.MaskedPolicy;
import io.sparkmoe.core.routing.Memory;
import io.sparkmoe.core.routing.ResultBuffers;
import io.sparkmoe.core.routing.RoutingBatch;
import org.apache.arrow.memory.ArrowBuf;

/** moe_ep_preprocess: one stable counting sort; the forms differ in numbering, offsets and where left-out ids point. */
final class EpPreprocess {
    private final RoutingBatch batch;
    private final EpPreprocessOptions options;
    private final Keys keys;
    private final Histogram histogram;
    private final Tally tally;
    private final EpScatter scatter;
    private final int firstKey;
    private final int segments;

    EpPreprocess(RoutingBatch batch, EpPreprocessOptions options, Keys keys, Histogram histogram) {
        this.batch = batch;
        this.options = options;
        this.keys = keys;
        this.histogram = histogram;
        this.tally = new Tally(keys);
        this.firstKey = options.ids().masked() == MaskedPolicy.KEEP ? Keys.MASKED : Keys.FIRST_BIN;
        ExpertMap map = options.ids().expertMap();
        this.segments = map != null ? map.numLocalExperts() : keys.bins;
        this.scatter = new EpScatter(batch, histogram, firstKey, keys.above());
    }

    /** The keys of a form: under form vllm, the ids of other ranks sort behind the local ones. */
    static Keys keys(EpPreprocessOptions options) {
        ExpertMap map = options.ids().expertMap();
        return map != null ? Keys.localFirst(options.ids(), map) : Keys.of(options.ids());
    }

    EpPreprocessResult run(ResultBuffers out) {
        int rows = batch.segments();
        boolean padded = options.form() == EpForm.PADDED;
        ListBuffer segIndptr = out.equalLists(rows, 8, segments + 1L, batch.firstRow(), "seg_indptr");
        ListBuffer maskedM = out.equalLists(rows, 4, padded ? segments : 0, batch.firstRow(), "masked_m");
        ListBuffer src2dst = new ListBuffer(rows, 4, copyOffsets(out), out.take(4 * batch.totalIds()));
        ArrowBuf offsets = out.offsets(rows);
        // As many as there are ids: left-out ids leave room behind the last list.
        ArrowBuf ids = out.take(4 * batch.totalIds());
        ArrowBuf order = out.take(4 * batch.totalIds());
        int total = 0;
        for (int s = 0; s < rows; s++) {
            load(s);
            if (padded) {
                writeMaskedM(s, maskedM.values().memoryAddress() + 4L * maskedM.start(s));
            }
            int kept = startBins(
                    segIndptr.values().memoryAddress() + 8L * segIndptr.start(s), ids.memoryAddress() + 4L * total);
            place(s, order.memoryAddress() + 4L * total, src2dst.values().memoryAddress() + 4L * src2dst.start(s));
            total += kept;
            offsets.setInt(4L * (s + 1L), total);
        }
        ListBuffer reorderTopkIds = new ListBuffer(rows, 4, offsets, ids);
        ListBuffer reorderIds = new ListBuffer(rows, 4, copyOf(out, offsets, rows), order);
        return new EpPreprocessResult(reorderTopkIds, reorderIds, src2dst, segIndptr, maskedM, tally.counts());
    }

    private void load(int s) {
        if (options.form() == EpForm.KMAJOR && batch.length(s) % options.topk() != 0) {
            long row = batch.firstRow() + s;
            throw new MalformedRoutingException(
                    row,
                    -1,
                    String.format(
                            "row %d: %d ids are not a multiple of topk %d. Form 'kmajor' needs all slots of every token.",
                            row, batch.length(s), options.topk()));
        }
        histogram.load(s);
        tally.add(batch, s, histogram);
    }

    /** Writes seg_indptr and reorder_topk_ids, and leaves where each bin's ids begin; returns the ids kept. */
    private int startBins(long segIndptr, long ids) {
        int at = 0;
        int written = 1;
        Memory.putLong(segIndptr, 0);
        for (int a = 0; a < histogram.actives(); a++) {
            int key = histogram.key(a);
            if (key < firstKey || key >= keys.above()) {
                continue;
            }
            int count = histogram.count(key);
            // Masked ids (bin -1) that are kept count in expert 0's segment, so they end before seg_indptr[1] at most.
            int bin = key - Keys.FIRST_BIN;
            int upTo = Math.min(bin, segments);
            if (upTo >= written) {
                Fill.longs(segIndptr + 8L * written, at, upTo + 1 - written);
                written = upTo + 1;
            }
            Fill.ints(ids + 4L * at, bin, count);
            histogram.position(key, at);
            at += count;
        }
        Fill.longs(segIndptr + 8L * written, at, segments + 1 - written);
        return at;
    }

    private void place(int s, long order, long src2dst) {
        switch (options.form()) {
            case SGLANG, VLLM -> scatter.plain(s, order, src2dst);
            case DEEPEP -> scatter.shifted(s, order, src2dst);
            case KMAJOR -> scatter.slotMajor(s, options.topk(), order, src2dst);
            case PADDED -> scatter.padded(s, options.mMax(), order, src2dst);
        }
    }

    private void writeMaskedM(int s, long maskedM) {
        Memory.fill(maskedM, 4L * segments, (byte) 0);
        for (int a = 0; a < histogram.actives(); a++) {
            int key = histogram.key(a);
            if (key < firstKey || key >= keys.above()) {
                continue;
            }
            int count = histogram.count(key);
            if (count > options.mMax()) {
                long row = batch.firstRow() + s;
                throw new MalformedRoutingException(
                        row,
                        -1,
                        String.format(
                                "row %d: expert %d has %d ids, more than m_max %d. Raise m_max to the largest count.",
                                row, key - Keys.FIRST_BIN, count, options.mMax()));
            }
            Memory.putInt(maskedM + 4L * (key - Keys.FIRST_BIN), count);
        }
    }

    private ArrowBuf copyOffsets(ResultBuffers out) {
        ArrowBuf offsets = out.offsets(batch.segments());
        for (int s = 1; s <= batch.segments(); s++) {
            offsets.setInt(4L * s, batch.start(s) - batch.start(0));
        }
        return offsets;
    }

    private static ArrowBuf copyOf(ResultBuffers out, ArrowBuf offsets, int rows) {
        ArrowBuf copy = out.offsets(rows);
        Memory.copy(offsets.memoryAddress(), copy.memoryAddress(), 4L * (rows + 1L));
        return copy;
    }
}
