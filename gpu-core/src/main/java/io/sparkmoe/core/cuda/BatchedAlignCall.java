package io.sparkmoe.core.cuda;

import io.sparkmoe.core.routing.AlignResult;
import io.sparkmoe.core.routing.BatchedAlignOptions;
import io.sparkmoe.core.routing.IdCounts;
import io.sparkmoe.core.routing.ListBuffer;
import io.sparkmoe.core.routing.Memory;
import io.sparkmoe.core.routing.ResultBuffers;
import io.sparkmoe.core.routing.RoutingBackend;
import io.sparkmoe.core.routing.RoutingBatch;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.jspecify.annotations.Nullable;

/** vLLM's batched align: measured first, then written into memory of just that size. */
record BatchedAlignCall(BatchedAlignOptions options, RoutingBackend cpu, BufferAllocator allocator)
        implements DeviceCall<AlignResult> {
    @Override
    public @Nullable AlignResult run(RoutingBatch part, Lane lane, ResultBuffers out) {
        int rows = part.segments();
        DeviceBatch in = lane.upload(part);
        BatchedAlign launcher = BatchedAlign.plan(in, options.maxTokensPerBatch(), options.blockSize(), lane);
        lane.uploaded();
        launcher.measure(lane);
        long status = lane.read(launcher.status(), BatchedAlign.STATUS_BYTES);
        lane.await();
        long total = Memory.getLong(status + Long.BYTES);
        if (Memory.getLong(status) != 0 || total > Integer.MAX_VALUE / options.blockSize()) {
            return null;
        }
        ListBuffer sorted = new ListBuffer(rows, 4, out.offsets(rows), out.take(4 * total * options.blockSize()));
        ListBuffer blocks = new ListBuffer(rows, 4, out.offsets(rows), out.take(4 * total));
        ArrowBuf postPad = out.take(4L * rows);
        long sortedAt = lane.take(4 * total * options.blockSize());
        long blocksAt = lane.take(4 * total);
        if (total > 0) {
            launcher.write(lane, (int) total, sortedAt, blocksAt);
        }
        lane.computed();
        lane.copyBack(sorted.offsets().memoryAddress(), launcher.sortedOffsets(), 4L * (rows + 1L));
        lane.copyBack(blocks.offsets().memoryAddress(), launcher.blockOffsets(), 4L * (rows + 1L));
        lane.copyBack(sorted.values().memoryAddress(), sortedAt, 4 * total * options.blockSize());
        lane.copyBack(blocks.values().memoryAddress(), blocksAt, 4 * total);
        lane.copyBack(postPad.memoryAddress(), launcher.postPad(), 4L * rows);
        return new AlignResult(sorted, blocks, postPad, new IdCounts(part.totalIds(), 0, 0, 0));
    }

    @Override
    public @Nullable AlignResult join(AlignResult first, AlignResult second, ResultBuffers out) {
        return AlignCall.joined(first, second, out);
    }

    @Override
    public AlignResult onCpu(RoutingBatch part) {
        return cpu.batchedAlign(part, options, allocator);
    }
}
