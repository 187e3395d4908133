package io.sparkmoe.core.cuda;

import io.sparkmoe.core.routing.EpForm;
import io.sparkmoe.core.routing.EpPreprocessOptions;
import io.sparkmoe.core.routing.EpPreprocessResult;
import io.sparkmoe.core.routing.ListBuffer;
import io.sparkmoe.core.routing.Memory;
import io.sparkmoe.core.routing.ResultBuffers;
import io.sparkmoe.core.routing.RoutingBackend;
import io.sparkmoe.core.routing.RoutingBatch;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.jspecify.annotations.Nullable;

/** moe_ep_preprocess; left-out ids as in {@link AlignCompactCall}. */
record EpPreprocessCall(EpPreprocessOptions options, KeyPlan plan, RoutingBackend cpu, BufferAllocator allocator)
        implements DeviceCall<EpPreprocessResult> {
    private static final long NONE = -1;

    @Override
    public @Nullable EpPreprocessResult run(RoutingBatch part, Lane lane, ResultBuffers out) {
        if (options.form() == EpForm.KMAJOR && !wholeTokens(part)) {
            return null;
        }
        int rows = part.segments();
        int segments = EpPreprocess.indptrSegments(options);
        boolean padded = options.form() == EpForm.PADDED;
        ListBuffer segIndptr = out.equalLists(rows, 8, segments + 1L, part.firstRow(), "seg_indptr");
        ListBuffer maskedM = out.equalLists(rows, 4, padded ? segments : 0, part.firstRow(), "masked_m");
        DeviceKeys keys = DeviceKeys.upload(lane, part, plan);
        EpPreprocess launcher = EpPreprocess.plan(keys, options, lane);
        lane.uploaded();
        KeptOffsets kept = mayNumberMasked(part) ? KeptOffsets.plan(keys.batch(), lane) : null;
        launcher.launch(kept, lane);
        LeftOut left = leftOut(part, launcher, kept, lane);
        if (left == null || left.refusedBy(options.ids())) {
            return null;
        }
        if (kept == null && left.any()) {
            kept = KeptOffsets.plan(keys.batch(), lane);
            launcher.launch(kept, lane);
        }
        lane.computed();
        ArrowBuf offsets = Lists.offsets(part, kept, lane, out);
        Lists.copyBack(lane, segIndptr, launcher.segIndptr());
        Lists.copyBack(lane, maskedM, launcher.maskedM());
        return new EpPreprocessResult(
                Lists.copyBack(lane, rows, 4, offsets, launcher.topkIds(), out),
                Lists.copyBack(lane, rows, 4, Lists.copy(offsets, rows, out), launcher.order(), out),
                Lists.copyBack(lane, rows, 4, Lists.offsets(part, out), launcher.src2dst(), out),
                segIndptr,
                maskedM,
                left.of(part.totalIds()));
    }

    private boolean wholeTokens(RoutingBatch part) {
        for (int s = 0; s < part.segments(); s++) {
            if (part.length(s) % options.topk() != 0) {
                return false;
            }
        }
        return true;
    }

    /** Form deepep keeps a bin for masked ids and yet leaves them out of the lists. */
    private boolean mayNumberMasked(RoutingBatch part) {
        return options.form() == EpForm.DEEPEP && part.type().masks();
    }

    /** What the launches left out; null when an expert has more ids than it has rows. */
    private @Nullable LeftOut leftOut(RoutingBatch part, EpPreprocess launcher, @Nullable KeptOffsets kept, Lane lane) {
        long tally = lane.readTally();
        long violation = lane.read(launcher.violation(), Long.BYTES);
        long inLists = kept == null ? 0 : lane.read(kept.offsets() + 4L * part.segments(), Integer.BYTES);
        lane.await();
        if (Memory.getLong(violation) != NONE) {
            return null;
        }
        LeftOut left = LeftOut.at(tally);
        return kept == null ? left : left.withMasked(part.totalIds() - Memory.getInt(inLists) - left.invalid());
    }

    @Override
    public @Nullable EpPreprocessResult join(EpPreprocessResult first, EpPreprocessResult second, ResultBuffers out) {
        if (!Joined.fits(first.segIndptr(), second.segIndptr()) || !Joined.fits(first.maskedM(), second.maskedM())) {
            return null;
        }
        return new EpPreprocessResult(
                Joined.lists(first.reorderTopkIds(), second.reorderTopkIds(), out),
                Joined.lists(first.reorderIds(), second.reorderIds(), out),
                Joined.lists(first.src2dst(), second.src2dst(), out),
                Joined.lists(first.segIndptr(), second.segIndptr(), out),
                Joined.lists(first.maskedM(), second.maskedM(), out),
                first.counts().plus(second.counts()));
    }

    @Override
    public EpPreprocessResult onCpu(RoutingBatch part) {
        return cpu.epPreprocess(part, options, allocator);
    }
}
