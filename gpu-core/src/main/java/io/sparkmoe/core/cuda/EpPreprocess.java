package io.sparkmoe.core.cuda;

import io.sparkmoe.core.cuda.driver.KernelArguments;
import io.sparkmoe.core.routing.EpForm;
import io.sparkmoe.core.routing.EpPreprocessOptions;
import io.sparkmoe.core.routing.ExpertMap;
import org.jspecify.annotations.Nullable;

/**
 * Launches expert-parallel preprocessing: blocks for most segments, the large launches for the rest.
 *
 * @param src2dst device address of int32 [ids]
 * @param topkIds device address of int32, as many as there are ids
 * @param order device address of int32, as many as there are ids
 * @param segIndptr device address of int64 [segments][indptr segments + 1]
 * @param maskedM device address of int32 [segments][indptr segments] in form padded
 * @param violation device address of uint64: all ones, or the lowest segment and expert of too many ids
 */
record EpPreprocess(
        DeviceKeys keys,
        EpPreprocessOptions options,
        LargeSegments large,
        SegmentClasses classes,
        long src2dst,
        long topkIds,
        long order,
        long segIndptr,
        long maskedM,
        long violation) {
    private static final String FILE = "ep_preprocess";

    /** Takes device memory for a call. */
    static EpPreprocess plan(DeviceKeys keys, EpPreprocessOptions options, Lane lane) {
        DeviceBatch batch = keys.batch();
        int segments = indptrSegments(options);
        return new EpPreprocess(
                keys,
                options,
                LargeSegments.prepare(keys, lane),
                SegmentClasses.of(batch.host(), -1, LargePlan.from(batch.host())),
                lane.take(4 * batch.totalIds() + 16),
                lane.take(4 * batch.totalIds() + 16),
                lane.take(4 * batch.totalIds() + 16),
                lane.take(8L * batch.segments() * (segments + 1L)),
                options.form() == EpForm.PADDED ? lane.take(4L * batch.segments() * segments) : 0,
                lane.take(Long.BYTES));
    }

    /** Experts that seg_indptr lists: local ones under a map. */
    static int indptrSegments(EpPreprocessOptions options) {
        ExpertMap map = options.ids().expertMap();
        return map != null ? map.numLocalExperts() : options.ids().numExperts();
    }

    /**
     * Adds to the lane's tally.
     *
     * @param kept where lists begin when ids are left out; null: where the ids do
     */
    void launch(@Nullable KeptOffsets kept, Lane lane) {
        lane.stream().fill(violation, (byte) -1, Long.BYTES);
        if (large.any()) {
            large.launch(keys, lane);
        }
        long outOffsets = keys.batch().offsets();
        if (kept != null) {
            kept.launch(keys, large, options.form() == EpForm.DEEPEP ? 1 : 0, lane);
            outOffsets = kept.offsets();
        }
        int bins = keys.plan().bins();
        int[] block = classes.block();
        if (block.length > 0) {
            BlockShape shape = BlockShape.of(classes.longest(), bins, lane.maxSharedBytes());
            long list = SegmentClasses.upload(block, keys.batch().segments(), lane);
            outputs(keys.arguments(lane).address(list), outOffsets, lane);
            lane.launch(FILE, FILE + shape.variant(), shape.config(block.length));
        }
        if (large.any()) {
            outputs(large.writeArguments(keys, lane), outOffsets, lane);
            lane.launch("ep_large", "ep_large" + large.variant(bins), large.config(bins));
        }
    }

    private void outputs(KernelArguments arguments, long outOffsets, Lane lane) {
        arguments
                .i32(form())
                .i32(options.topk())
                .i32(options.mMax())
                .i32(indptrSegments(options))
                .address(keys.keyValue())
                .address(outOffsets)
                .address(src2dst)
                .address(topkIds)
                .address(order)
                .address(segIndptr)
                .address(maskedM)
                .address(violation)
                .address(lane.tally());
    }

    /** The form's number in the kernels. */
    private int form() {
        return switch (options.form()) {
            case SGLANG, VLLM -> 0;
            case DEEPEP -> 1;
            case KMAJOR -> 2;
            case PADDED -> 3;
        };
    }
}
