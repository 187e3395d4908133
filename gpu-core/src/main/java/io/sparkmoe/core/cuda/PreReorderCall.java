package io.sparkmoe.core.cuda;

import io.sparkmoe.core.reorder.Activations;
import io.sparkmoe.core.reorder.PreReorderOptions;
import io.sparkmoe.core.reorder.TensorBatch;
import io.sparkmoe.core.reorder.TensorResult;
import io.sparkmoe.core.routing.ResultBuffers;
import io.sparkmoe.core.routing.RoutingBatch;
import org.jspecify.annotations.Nullable;

/** moe_pre_reorder. Cut by the segments of topk_ids, which all inputs share. */
record PreReorderCall(
        Activations hidden,
        RoutingBatch topkIds,
        RoutingBatch src2dst,
        @Nullable TensorBatch scales,
        PreReorderOptions options,
        TensorCalls calls)
        implements TensorCall {
    @Override
    public RoutingBatch batch() {
        return topkIds;
    }

    @Override
    public @Nullable TensorResult run(RoutingBatch part, Lane lane, ResultBuffers out) {
        TensorPart input = TensorPart.of(hidden, topkIds, part);
        long[] rows = slotOffsets(part);
        TensorSink sink =
                new TensorSink(options.outType(), rows, options.hiddenSize(), part.firstRow(), isWhole(part), lane);
        SlotPlan slots = SlotPlan.upload(
                part,
                src2dst.slice(input.from(), input.to()),
                options.experts(),
                options.topk(),
                rows,
                DeviceScales.upload(scales, options.scaleMode(), input.from(), input.to(), lane),
                lane);
        long in = input.onDevice(lane);
        lane.uploaded();
        if (part.totalIds() > 0) {
            new PreReorder(work(part, in, sink.device(), lane), in, sink.device()).launch(lane, slots.ready(lane));
        }
        lane.computed();
        return calls.result(sink, lane, out);
    }

    private static long[] slotOffsets(RoutingBatch part) {
        long[] rows = new long[part.segments() + 1];
        for (int s = 0; s <= part.segments(); s++) {
            rows[s] = part.start(s) - (long) part.start(0);
        }
        return rows;
    }

    private ReorderShapes.Work work(RoutingBatch part, long in, long out, Lane lane) {
        long inRow = (long) options.hiddenSize() * hidden.type().bytes();
        long outRow = (long) options.hiddenSize() * options.outType().bytes();
        return new ReorderShapes.Work(
                hidden.type(),
                options.outType(),
                options.hiddenSize(),
                options.topk(),
                part.totalIds() / options.topk(),
                scales != null,
                ReorderShapes.aligned(in, inRow, out, outRow),
                options.topk() * SlotPlan.localShare(part, options.experts()),
                lane.hasClusters());
    }

    @Override
    public TensorResult onCpu(RoutingBatch part) {
        TensorPart input = TensorPart.of(hidden, topkIds, part);
        return calls.cpu()
                .preReorder(
                        input.onHost(),
                        part,
                        src2dst.slice(input.from(), input.to()),
                        TensorCall.scalesOf(scales, input),
                        options,
                        calls.allocator());
    }
}
