package io.sparkmoe.core.cuda;

import io.sparkmoe.core.routing.ListBuffer;
import io.sparkmoe.core.routing.PaddingOptions;
import io.sparkmoe.core.routing.PaddingResult;
import io.sparkmoe.core.routing.ResultBuffers;
import io.sparkmoe.core.routing.RoutingBackend;
import io.sparkmoe.core.routing.RoutingBatch;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.jspecify.annotations.Nullable;

/** moe_padding. */
record PaddingCall(PaddingOptions options, RoutingBackend cpu, BufferAllocator allocator)
        implements DeviceCall<PaddingResult> {
    @Override
    public @Nullable PaddingResult run(RoutingBatch part, Lane lane, ResultBuffers out) {
        int rows = part.segments();
        int[] sizes = options.blockSizes();
        ListBuffer blocks = out.equalLists(rows, 8, sizes.length, part.firstRow(), "blocks");
        ListBuffer slots = out.equalLists(rows, 8, sizes.length, part.firstRow(), "slots");
        ArrowBuf used = out.take(8L * rows);
        ArrowBuf active = out.take(4L * rows);
        Padding launcher = Padding.plan(lane.upload(part), options.numExperts(), sizes, lane);
        lane.uploaded();
        launcher.launch(lane);
        lane.computed();
        long tally = lane.readTally();
        Lists.copyBack(lane, blocks, launcher.blocks());
        Lists.copyBack(lane, slots, launcher.slots());
        lane.copyBack(used.memoryAddress(), launcher.used(), 8L * rows);
        lane.copyBack(active.memoryAddress(), launcher.activeExperts(), 4L * rows);
        lane.await();
        LeftOut left = LeftOut.at(tally);
        return left.refusedBy(options.ids())
                ? null
                : new PaddingResult(blocks, slots, used, active, left.of(part.totalIds()));
    }

    @Override
    public @Nullable PaddingResult join(PaddingResult first, PaddingResult second, ResultBuffers out) {
        if (!Joined.fits(first.blocks(), second.blocks())) {
            return null;
        }
        int a = first.blocks().rows();
        int b = second.blocks().rows();
        return new PaddingResult(
                Joined.lists(first.blocks(), second.blocks(), out),
                Joined.lists(first.slots(), second.slots(), out),
                Joined.longs(first.used(), a, second.used(), b, out),
                Joined.ints(first.activeExperts(), a, second.activeExperts(), b, out),
                first.counts().plus(second.counts()));
    }

    @Override
    public PaddingResult onCpu(RoutingBatch part) {
        return cpu.padding(part, options, allocator);
    }
}
