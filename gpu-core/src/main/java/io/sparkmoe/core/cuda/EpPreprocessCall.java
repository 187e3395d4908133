package io.sparkmoe.core.cuda;

import io.sparkmoe.core.routing.EpForm;
import io.sparkmoe.core.routing.EpPreprocessOptions;
import io.sparkmoe.core.routing.EpPreprocessResult;
import io.sparkmoe.core.routing.ListBuffer;
import io.sparkmoe.core.routing.Memory;
import io.sparkmoe.core.routing.ResultBuffers;
import io.sparkmoe.core.routing.RoutingBackend;
import io.sparkmoe.core.routing.RoutingBatch;
import java.util.function.Supplier;
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
        ListBuffer segIndptr = segIndptr(part, out);
        ListBuffer maskedM = maskedM(part, out);
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
        return copyBack(part, launcher, offsets, segIndptr, maskedM, left, lane, out);
    }

    @Override
    public Supplier<@Nullable EpPreprocessResult> enqueue(RoutingBatch part, Lane lane, ResultBuffers out) {
        ListBuffer segIndptr = segIndptr(part, out);
        ListBuffer maskedM = maskedM(part, out);
        EpPreprocess launcher = EpPreprocess.plan(DeviceKeys.upload(lane, part, plan), options, lane);
        lane.uploaded();
        launcher.launch(null, lane);
        lane.computed();
        long tally = lane.readTally();
        long violation = lane.read(launcher.violation(), Long.BYTES);
        LeftOut none = new LeftOut(0, 0, 0);
        EpPreprocessResult result =
                copyBack(part, launcher, Lists.offsets(part, out), segIndptr, maskedM, none, lane, out);
        return () -> LeftOut.at(tally).any() || Memory.getLong(violation) != NONE ? null : result;
    }

    @Override
    public long @Nullable [] mostBytes(RoutingBatch batch) {
        if (plan.leavesOut() || mayNumberMasked(batch) || (options.form() == EpForm.KMAJOR && !wholeTokens(batch))) {
            return null;
        }
        long segments = EpPreprocess.indptrSegments(options);
        long indptr = 8 * batch.segments() * (segments + 1);
        long maskedM = options.form() == EpForm.PADDED ? 4 * batch.segments() * segments : 0;
        long ids = 4 * batch.totalIds();
        return new long[] {0, indptr, 0, maskedM, 0, ids, 0, ids, 0, ids};
    }

    private ListBuffer segIndptr(RoutingBatch part, ResultBuffers out) {
        long entries = EpPreprocess.indptrSegments(options) + 1L;
        return out.equalLists(part.segments(), 8, entries, part.firstRow(), "seg_indptr");
    }

    private ListBuffer maskedM(RoutingBatch part, ResultBuffers out) {
        long entries = options.form() == EpForm.PADDED ? EpPreprocess.indptrSegments(options) : 0;
        return out.equalLists(part.segments(), 4, entries, part.firstRow(), "masked_m");
    }

    private static EpPreprocessResult copyBack(
            RoutingBatch part,
            EpPreprocess launcher,
            ArrowBuf offsets,
            ListBuffer segIndptr,
            ListBuffer maskedM,
            LeftOut left,
            Lane lane,
            ResultBuffers out) {
        int rows = part.segments();
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
