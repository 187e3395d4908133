package io.sparkmoe.core.cuda;

import io.sparkmoe.core.routing.AlignOptions;
import io.sparkmoe.core.routing.AlignResult;
import io.sparkmoe.core.routing.ListBuffer;
import io.sparkmoe.core.routing.ResultBuffers;
import io.sparkmoe.core.routing.RoutingBackend;
import io.sparkmoe.core.routing.RoutingBatch;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.jspecify.annotations.Nullable;

/** moe_align_block_size: the padded arrays are made on the device, in buffers of the largest size they could have. */
record AlignCall(AlignOptions options, KeyPlan plan, RoutingBackend cpu, BufferAllocator allocator)
        implements DeviceCall<AlignResult> {
    @Override
    public @Nullable AlignResult run(RoutingBatch part, Lane lane, ResultBuffers out) {
        if (!Align.fits(part, plan.bins(), options.blockSize())) {
            return null;
        }
        int rows = part.segments();
        DeviceKeys keys = DeviceKeys.upload(lane, part, plan);
        Align align = Align.plan(keys, options.blockSize(), lane);
        lane.uploaded();
        align.launch(lane);
        lane.computed();
        long tally = lane.readTally();
        long sortedOffsets = lane.read(align.sortedOffsets(), 8L * (rows + 1L));
        long expertOffsets = lane.read(align.expertOffsets(), 8L * (rows + 1L));
        lane.await();
        LeftOut left = LeftOut.at(tally);
        ArrowBuf sorted = Lists.offsets(sortedOffsets, rows, out);
        ArrowBuf experts = Lists.offsets(expertOffsets, rows, out);
        if (left.refusedBy(options.ids()) || sorted == null || experts == null) {
            return null;
        }
        ArrowBuf postPad = out.take(4L * rows);
        lane.copyBack(postPad.memoryAddress(), align.postPad(), 4L * rows);
        return new AlignResult(
                Lists.copyBack(lane, rows, 4, sorted, align.sorted(), out),
                Lists.copyBack(lane, rows, 4, experts, align.experts(), out),
                postPad,
                left.of(part.totalIds()));
    }

    @Override
    public @Nullable AlignResult join(AlignResult first, AlignResult second, ResultBuffers out) {
        return joined(first, second, out);
    }

    static @Nullable AlignResult joined(AlignResult first, AlignResult second, ResultBuffers out) {
        ListBuffer a = first.sortedTokenIds();
        ListBuffer b = second.sortedTokenIds();
        if (!Joined.fits(a, b)) {
            return null;
        }
        return new AlignResult(
                Joined.lists(a, b, out),
                Joined.lists(first.expertIds(), second.expertIds(), out),
                Joined.ints(first.numTokensPostPad(), a.rows(), second.numTokensPostPad(), b.rows(), out),
                first.counts().plus(second.counts()));
    }

    @Override
    public AlignResult onCpu(RoutingBatch part) {
        return cpu.align(part, options, allocator);
    }
}
