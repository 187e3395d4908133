package io.sparkmoe.core.cuda;

import io.sparkmoe.core.routing.CompactOptions;
import io.sparkmoe.core.routing.CompactResult;
import io.sparkmoe.core.routing.ListBuffer;
import io.sparkmoe.core.routing.ResultBuffers;
import io.sparkmoe.core.routing.RoutingBackend;
import io.sparkmoe.core.routing.RoutingBatch;
import java.util.function.Supplier;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.jspecify.annotations.Nullable;

/**
 * moe_align_compact. Ids are rarely left out, so unless the map says so the lists are first written where the ids lie;
 * should the tally then tell of left-out ids, all is done again with the lists' own offsets.
 */
record AlignCompactCall(CompactOptions options, KeyPlan plan, RoutingBackend cpu, BufferAllocator allocator)
        implements DeviceCall<CompactResult> {
    @Override
    public @Nullable CompactResult run(RoutingBatch part, Lane lane, ResultBuffers out) {
        int rows = part.segments();
        ListBuffer binOffsets = out.equalLists(rows, 4, plan.bins() + 1L, part.firstRow(), "expert_offsets");
        DeviceKeys keys = DeviceKeys.upload(lane, part, plan);
        AlignCompact launcher = AlignCompact.plan(keys, lane);
        lane.uploaded();
        KeptOffsets kept = plan.leavesOut() ? KeptOffsets.plan(keys.batch(), lane) : null;
        launcher.launch(kept, lane);
        long tally = lane.readTally();
        lane.await();
        LeftOut left = LeftOut.at(tally);
        if (left.refusedBy(options.ids())) {
            return null;
        }
        if (kept == null && left.any()) {
            kept = KeptOffsets.plan(keys.batch(), lane);
            launcher.launch(kept, lane);
        }
        lane.computed();
        ArrowBuf offsets = Lists.offsets(part, kept, lane, out);
        Lists.copyBack(lane, binOffsets, launcher.binOffsets());
        return new CompactResult(
                Lists.copyBack(lane, rows, 4, offsets, launcher.sorted(), out), binOffsets, left.of(part.totalIds()));
    }

    @Override
    public Supplier<@Nullable CompactResult> enqueue(RoutingBatch part, Lane lane, ResultBuffers out) {
        int rows = part.segments();
        ListBuffer binOffsets = out.equalLists(rows, 4, plan.bins() + 1L, part.firstRow(), "expert_offsets");
        AlignCompact launcher = AlignCompact.plan(DeviceKeys.upload(lane, part, plan), lane);
        lane.uploaded();
        launcher.launch(null, lane);
        lane.computed();
        long tally = lane.readTally();
        Lists.copyBack(lane, binOffsets, launcher.binOffsets());
        ListBuffer sorted = Lists.copyBack(lane, rows, 4, Lists.offsets(part, out), launcher.sorted(), out);
        return () -> {
            LeftOut left = LeftOut.at(tally);
            return left.any() ? null : new CompactResult(sorted, binOffsets, left.of(part.totalIds()));
        };
    }

    @Override
    public long @Nullable [] mostBytes(RoutingBatch batch) {
        return plan.leavesOut()
                ? null
                : new long[] {0, 4 * batch.segments() * (plan.bins() + 1L), 0, 4 * batch.totalIds()};
    }

    @Override
    public @Nullable CompactResult join(CompactResult first, CompactResult second, ResultBuffers out) {
        if (!Joined.fits(first.sortedIds(), second.sortedIds())
                || !Joined.fits(first.expertOffsets(), second.expertOffsets())) {
            return null;
        }
        return new CompactResult(
                Joined.lists(first.sortedIds(), second.sortedIds(), out),
                Joined.lists(first.expertOffsets(), second.expertOffsets(), out),
                first.counts().plus(second.counts()));
    }

    @Override
    public CompactResult onCpu(RoutingBatch part) {
        return cpu.alignCompact(part, options, allocator);
    }
}
