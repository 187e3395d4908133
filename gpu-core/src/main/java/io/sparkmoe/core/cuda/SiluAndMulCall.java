package io.sparkmoe.core.cuda;

import io.sparkmoe.core.cuda.driver.LaunchConfig;
import io.sparkmoe.core.reorder.Activations;
import io.sparkmoe.core.reorder.ScaleMode;
import io.sparkmoe.core.reorder.SiluAndMulOptions;
import io.sparkmoe.core.reorder.TensorBatch;
import io.sparkmoe.core.reorder.TensorResult;
import io.sparkmoe.core.routing.ResultBuffers;
import io.sparkmoe.core.routing.RoutingBatch;
import org.jspecify.annotations.Nullable;

/** moe_silu_and_mul. Cut by the segments of reorder_topk_ids. */
record SiluAndMulCall(
        Activations gateup,
        RoutingBatch reorderTopkIds,
        @Nullable TensorBatch scales,
        SiluAndMulOptions options,
        TensorCalls calls)
        implements TensorCall {
    private static final String KERNEL = "silu_and_mul";

    /** No slot: -1 in every byte. */
    private static final byte NONE = (byte) 0xff;

    @Override
    public RoutingBatch batch() {
        return reorderTopkIds;
    }

    @Override
    public @Nullable TensorResult run(RoutingBatch part, Lane lane, ResultBuffers out) {
        TensorPart input = TensorPart.of(gateup, reorderTopkIds, part);
        int half = options.hiddenSize() / 2;
        long[] rows = input.rowOffsets(options.hiddenSize());
        TensorSink sink = new TensorSink(options.outType(), rows, half, part.firstRow(), isWhole(part), lane);
        ScaleMode mode = options.scaled() ? ScaleMode.PER_EXPERT : ScaleMode.NONE;
        SlotPlan slots = new SlotPlan(
                lane.upload(part),
                0,
                options.experts(),
                1,
                lane.upload(rows),
                (int) sink.rows(),
                0,
                DeviceScales.upload(scales, mode, input.from(), input.to(), lane),
                false);
        long in = input.onDevice(lane);
        long selected = lane.take(Integer.BYTES * sink.rows());
        lane.stream().fill(selected, NONE, Integer.BYTES * sink.rows());
        long reciprocals = options.scaled() ? lane.take(Float.BYTES * sink.rows()) : 0;
        lane.uploaded();
        if (part.totalIds() > 0) {
            slots.launch(lane, selected, reciprocals);
        }
        if (sink.rows() > 0) {
            launch(lane, in, sink, selected, reciprocals);
        }
        lane.computed();
        return calls.result(sink, lane, out);
    }

    private void launch(Lane lane, long in, TensorSink sink, long selected, long reciprocals) {
        int half = options.hiddenSize() / 2;
        LaunchConfig config = ReorderShapes.any(sink.rows(), half, 0);
        lane.arguments()
                .address(in)
                .i32(gateup.type().code())
                .address(sink.device())
                .i32(options.outType().code())
                .i32(half)
                .i32(ReorderShapes.piece(half))
                .address(selected)
                .address(reciprocals);
        lane.launch(KERNEL, KERNEL, config);
    }

    @Override
    public TensorResult onCpu(RoutingBatch part) {
        TensorPart input = TensorPart.of(gateup, reorderTopkIds, part);
        TensorBatch ofPart = TensorCall.scalesOf(scales, input);
        return calls.cpu().siluAndMul(input.onHost(), part, ofPart, options, calls.allocator());
    }
}
