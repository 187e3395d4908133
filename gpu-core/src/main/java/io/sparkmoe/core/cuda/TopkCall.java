package io.sparkmoe.core.cuda;

import io.sparkmoe.core.cuda.driver.LaunchConfig;
import io.sparkmoe.core.reorder.Activations;
import io.sparkmoe.core.reorder.TopkOptions;
import io.sparkmoe.core.reorder.TopkResult;
import io.sparkmoe.core.routing.IdType;
import io.sparkmoe.core.routing.Memory;
import io.sparkmoe.core.routing.ResultBuffers;
import io.sparkmoe.core.routing.RoutingBatch;
import org.apache.arrow.memory.ArrowBuf;
import org.jspecify.annotations.Nullable;

/**
 * moe_topk. The batch that is cut stands for the result's lists: only its offsets are looked at.
 *
 * @param results offsets of the result's lists
 */
record TopkCall(Activations logits, RoutingBatch results, TopkOptions options, TensorCalls calls)
        implements DeviceCall<TopkResult> {
    private static final String KERNEL = "topk";
    private static final int WARPS = 4;

    /** Most experts whose keys fit a block's shared memory on every device. */
    static final int MOST_EXPERTS = 1024;

    /**
     * The result's lists as a batch to cut.
     *
     * @param offsets room for int32 [segments + 1]
     */
    static RoutingBatch results(Activations logits, TopkOptions options, ArrowBuf offsets) {
        for (int s = 0; s <= logits.segments(); s++) {
            long ids = (logits.start(s) - logits.start(0)) / options.numExperts() * options.topk();
            Memory.putInt(offsets.memoryAddress() + 4L * s, Math.toIntExact(ids));
        }
        return new RoutingBatch(IdType.INT32, logits.segments(), offsets.memoryAddress(), 0, logits.firstRow());
    }

    @Override
    public boolean worthCutting(RoutingBatch part) {
        return part.segments() > 1;
    }

    @Override
    public @Nullable TopkResult run(RoutingBatch part, Lane lane, ResultBuffers out) {
        TensorPart input = TensorPart.of(logits, results, part);
        long bytes = Integer.BYTES * part.totalIds();
        long ids = lane.take(bytes);
        long weights = lane.take(bytes);
        long in = input.onDevice(lane);
        float[] bias = options.correctionBias();
        long onDevice = bias == null ? 0 : upload(bias, lane);
        lane.uploaded();
        if (part.totalIds() > 0) {
            launch(lane, in, (int) (input.elements() / options.numExperts()), onDevice, ids, weights);
        }
        lane.computed();
        int rows = part.segments();
        return new TopkResult(
                Lists.copyBack(lane, rows, Integer.BYTES, Lists.offsets(part, out), ids, out),
                Lists.copyBack(lane, rows, Float.BYTES, Lists.offsets(part, out), weights, out));
    }

    private static long upload(float[] values, Lane lane) {
        int[] bits = new int[values.length];
        for (int i = 0; i < bits.length; i++) {
            bits[i] = Float.floatToRawIntBits(values[i]);
        }
        return lane.upload(bits, bits.length);
    }

    private void launch(Lane lane, long in, int tokens, long bias, long ids, long weights) {
        int shared = WARPS * Integer.BYTES * (options.numExperts() + options.numExpertGroup());
        lane.arguments()
                .address(in)
                .i32(logits.type().code())
                .i32(tokens)
                .i32(options.numExperts())
                .i32(options.topk())
                .i32(KernelCodes.of(options.scoring()))
                .i32(options.renormalize() ? 1 : 0)
                .address(bias)
                .i32(options.numExpertGroup())
                .i32(options.topkGroup())
                .f32(options.routedScalingFactor())
                .address(ids)
                .address(weights);
        lane.launch(KERNEL, KERNEL, LaunchConfig.of(ReorderShapes.ceil(tokens, WARPS), 32 * WARPS, shared));
    }

    @Override
    public @Nullable TopkResult join(TopkResult first, TopkResult second, ResultBuffers out) {
        return new TopkResult(
                Joined.lists(first.topkIds(), second.topkIds(), out),
                Joined.lists(first.topkWeights(), second.topkWeights(), out));
    }

    @Override
    public TopkResult onCpu(RoutingBatch part) {
        return calls.cpu().topk(TensorPart.of(logits, results, part).onHost(), options, calls.allocator());
    }
}
