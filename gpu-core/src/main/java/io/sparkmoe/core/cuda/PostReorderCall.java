package io.sparkmoe.core.cuda;

import io.sparkmoe.core.reorder.Activations;
import io.sparkmoe.core.reorder.PostReorderOptions;
import io.sparkmoe.core.reorder.ScaleMode;
import io.sparkmoe.core.reorder.TensorBatch;
import io.sparkmoe.core.reorder.TensorResult;
import io.sparkmoe.core.routing.ResultBuffers;
import io.sparkmoe.core.routing.RoutingBatch;
import org.jspecify.annotations.Nullable;

/** moe_post_reorder. Cut by the segments of topk_ids, which all inputs share. */
record PostReorderCall(
        Activations downOutput,
        RoutingBatch topkIds,
        RoutingBatch src2dst,
        TensorBatch topkWeights,
        PostReorderOptions options,
        TensorCalls calls)
        implements TensorCall {
    @Override
    public RoutingBatch batch() {
        return topkIds;
    }

    @Override
    public @Nullable TensorResult run(RoutingBatch part, Lane lane, ResultBuffers out) {
        TensorPart input = TensorPart.of(downOutput, topkIds, part);
        TensorSink sink = new TensorSink(
                downOutput.type(), tokens(part), options.hiddenSize(), part.firstRow(), isWhole(part), lane);
        SlotPlan slots = SlotPlan.upload(
                part,
                src2dst.slice(input.from(), input.to()),
                options.experts(),
                options.topk(),
                input.rowOffsets(options.hiddenSize()),
                DeviceScales.upload(null, ScaleMode.NONE, 0, 0, lane),
                lane);
        TensorBatch weights = topkWeights.slice(input.from(), input.to());
        long onDevice = lane.upload(weights.address(0), Float.BYTES * weights.totalElements());
        long in = input.onDevice(lane);
        lane.uploaded();
        if (part.totalIds() > 0) {
            ReorderShapes.Work work = work(part, in, sink.device(), lane);
            new PostReorder(work, options, in, onDevice, sink.device()).launch(lane, slots.ready(lane));
        }
        lane.computed();
        return calls.result(sink, lane, out);
    }

    private long[] tokens(RoutingBatch part) {
        long[] tokens = new long[part.segments() + 1];
        for (int s = 0; s <= part.segments(); s++) {
            tokens[s] = (part.start(s) - (long) part.start(0)) / options.topk();
        }
        return tokens;
    }

    private ReorderShapes.Work work(RoutingBatch part, long in, long out, Lane lane) {
        long row = (long) options.hiddenSize() * downOutput.type().bytes();
        return new ReorderShapes.Work(
                downOutput.type(),
                downOutput.type(),
                options.hiddenSize(),
                options.topk(),
                part.totalIds() / options.topk(),
                false,
                ReorderShapes.aligned(in, row, out, row),
                options.topk() * SlotPlan.localShare(part, options.experts()),
                lane.hasClusters());
    }

    @Override
    public TensorResult onCpu(RoutingBatch part) {
        TensorPart input = TensorPart.of(downOutput, topkIds, part);
        return calls.cpu()
                .postReorder(
                        input.onHost(),
                        part,
                        src2dst.slice(input.from(), input.to()),
                        topkWeights.slice(input.from(), input.to()),
                        options,
                        calls.allocator());
    }
}
