package io.sparkmoe.spark.jobs.scan;

import io.sparkmoe.core.routing.IdCodec;
import io.sparkmoe.core.routing.PackedIds;
import io.sparkmoe.core.routing.RoutingBatch;
import io.sparkmoe.spark.jobs.passes.IdCodes;
import io.sparkmoe.spark.jobs.passes.PassHistograms;
import io.sparkmoe.spark.jobs.passes.PassReplay;
import io.sparkmoe.spark.jobs.passes.ReplayOptions;
import io.sparkmoe.spark.jobs.rows.RowKey;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * Forward passes. Prefill passes that lie inside the task are measured here; those that the task's edge cuts, and recorded
 * passes, go out as counts of experts, which add up. Decode passes take tokens of many sequences in the order of their keys,
 * which no task knows: their rows go out as they are.
 */
final class PassFeeder implements Feeder {
    private final int experts;
    private final ReplayOptions options;
    private final PassHistograms passes;
    private final PassFragments fragments;
    private final SequencePasses sequence;
    private final boolean spoolDecode;
    private final List<Map.Entry<PartialKey, byte[]>> spooled = new ArrayList<>();
    private long spooledBytes;
    private int[] ids = new int[1024];

    /** @param whole whether no sequence goes on in another task */
    PassFeeder(FeederPlan.Task task, ReplayOptions asked, boolean whole) {
        experts = task.numExperts();
        options = asked.of(experts, task.topk());
        passes = new PassHistograms(options);
        fragments = new PassFragments(options);
        sequence = new SequencePasses(options, passes, fragments, whole);
        spoolDecode = !options.tokensPerPass().equals(List.of(1));
    }

    @Override
    public void feed(TraceSlice slice) {
        for (int r = 0; r < slice.rows(); r++) {
            if (slice.tokens(r) > 0) {
                row(slice, r);
            }
        }
    }

    private void row(TraceSlice slice, int r) {
        RoutingBatch batch = slice.ids();
        int n = batch.length(r);
        ids = ids.length < n ? new int[2 * n] : ids;
        IdCodec.decode(batch.type(), batch.address(r), ids, 0, n);
        RowKey key = slice.key(r);
        if (key.step() != null) {
            fragments.recorded(key, slice.layer(r), slice.tokens(r), ids, n);
            return;
        }
        if (slice.decode(r) && spoolDecode) {
            spool(slice, r, n);
            return;
        }
        short[] codes = IdCodes.of(ids, n, experts, r);
        if (slice.decode(r)) {
            for (int t = 0; t < slice.tokens(r); t++) {
                passes.pass(slice.layer(r), PassReplay.DECODE, 1, codes, t * options.topk(), options.topk());
            }
            return;
        }
        sequence.row(key, slice.layer(r), slice.position(r), slice.tokens(r), codes);
    }

    private void spool(TraceSlice slice, int r, int n) {
        byte[] packed = PackedIds.pack(n == ids.length ? ids : Arrays.copyOf(ids, n), r);
        byte[] value = ByteBuffer.allocate(4 + packed.length)
                .putInt(slice.tokens(r))
                .put(packed)
                .array();
        RowKey key = slice.key(r);
        spooled.add(Map.entry(
                new PartialKey(Family.DECODE, slice.layer(r), key.choice(), slice.position(r), SequenceName.of(key)),
                value));
        spooledBytes += value.length;
    }

    @Override
    public long bytes() {
        return fragments.bytes() + spooledBytes;
    }

    @Override
    public void end() {
        sequence.end(true);
    }

    @Override
    public void drain(Output out) {
        passes.totals()
                .forEach((key, totals) -> out.add(
                        new PartialKey(Family.PASSES, key.layer(), key.tokensPerPass(), 0, key.phase()),
                        PartialSums.write(totals.toRow())));
        passes.clear();
        fragments.drain(out);
        sequence.drain(out);
        spooled.forEach(e -> out.add(e.getKey(), e.getValue()));
        spooled.clear();
        spooledBytes = 0;
    }

    @Override
    public void close() {}
}
