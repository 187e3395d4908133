package io.sparkmoe.core.cuda;

import io.sparkmoe.core.routing.CountsOptions;
import io.sparkmoe.core.routing.CountsResult;
import io.sparkmoe.core.routing.ListBuffer;
import io.sparkmoe.core.routing.ResultBuffers;
import io.sparkmoe.core.routing.RoutingBackend;
import io.sparkmoe.core.routing.RoutingBatch;
import org.apache.arrow.memory.BufferAllocator;
import org.jspecify.annotations.Nullable;

/** moe_expert_counts. */
record ExpertCountsCall(CountsOptions options, RoutingBackend cpu, BufferAllocator allocator)
        implements DeviceCall<CountsResult> {
    @Override
    public @Nullable CountsResult run(RoutingBatch part, Lane lane, ResultBuffers out) {
        ListBuffer lists = out.equalLists(part.segments(), 8, options.numExperts(), part.firstRow(), "expert counts");
        ExpertCounts launcher = ExpertCounts.plan(lane.upload(part), options.numExperts(), lane);
        lane.uploaded();
        launcher.launch(lane);
        lane.computed();
        long tally = lane.readTally();
        Lists.copyBack(lane, lists, launcher.counts());
        lane.await();
        LeftOut left = LeftOut.at(tally);
        return left.refusedBy(options.ids()) ? null : new CountsResult(lists, left.of(part.totalIds()));
    }

    @Override
    public @Nullable CountsResult join(CountsResult first, CountsResult second, ResultBuffers out) {
        return !Joined.fits(first.counts64(), second.counts64())
                ? null
                : new CountsResult(
                        Joined.lists(first.counts64(), second.counts64(), out),
                        first.counts().plus(second.counts()));
    }

    @Override
    public CountsResult onCpu(RoutingBatch part) {
        return cpu.expertCounts(part, options, allocator);
    }
}
