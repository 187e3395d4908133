package io.sparkmoe.core.cuda;

import io.sparkmoe.core.routing.IdType;
import io.sparkmoe.core.routing.ListBuffer;
import io.sparkmoe.core.routing.Memory;
import io.sparkmoe.core.routing.ResultBuffers;
import io.sparkmoe.core.routing.RoutingBackend;
import io.sparkmoe.core.routing.RoutingBatch;
import io.sparkmoe.core.routing.TilesResult;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.jspecify.annotations.Nullable;

/**
 * moe_grouped_gemm_tiles: measured first, then written into memory of just that size. The batch that is cut stands for
 * the lists: only its offsets are looked at.
 */
record TilesCall(ListBuffer segIndptr, long firstRow, int blockM, RoutingBackend cpu, BufferAllocator allocator)
        implements DeviceCall<TilesResult> {
    /** The lists as a batch to cut. */
    RoutingBatch lists() {
        return new RoutingBatch(
                IdType.INT32,
                segIndptr.rows(),
                segIndptr.offsets().memoryAddress(),
                segIndptr.values().memoryAddress(),
                firstRow);
    }

    @Override
    public @Nullable TilesResult run(RoutingBatch part, Lane lane, ResultBuffers out) {
        int lists = part.segments();
        long entries = part.totalIds();
        long seg = lane.upload(part.idsAddress() + 8L * part.start(0), 8 * entries);
        long offsets = lane.upload(part.offsetsAddress(), 4L * (lists + 1L));
        GroupedGemmTiles launcher = GroupedGemmTiles.plan(seg, offsets, lists, entries, blockM, lane);
        lane.uploaded();
        launcher.measure(lane);
        long status = lane.read(launcher.status(), GroupedGemmTiles.STATUS_BYTES);
        lane.await();
        long total = Memory.getLong(status + Long.BYTES);
        if (Memory.getLong(status) != 0 || total > Integer.MAX_VALUE) {
            return null;
        }
        long expert = lane.take(4 * total);
        long start = lane.take(8 * total);
        long end = lane.take(8 * total);
        if (total > 0) {
            launcher.write(lane, (int) total, expert, start, end);
        }
        lane.computed();
        ListBuffer indptr = new ListBuffer(lists, 8, out.offsets(lists), out.take(8 * entries));
        lane.copyBack(indptr.offsets().memoryAddress(), launcher.indptrOffsets(), 4L * (lists + 1L));
        lane.copyBack(indptr.values().memoryAddress(), launcher.indptr(), 8 * entries);
        ArrowBuf tileOffsets = out.offsets(lists);
        lane.copyBack(tileOffsets.memoryAddress(), launcher.tileOffsets(), 4L * (lists + 1L));
        lane.await();
        return new TilesResult(
                indptr,
                Lists.copyBack(lane, lists, 4, tileOffsets, expert, out),
                Lists.copyBack(lane, lists, 8, Lists.copy(tileOffsets, lists, out), start, out),
                Lists.copyBack(lane, lists, 8, Lists.copy(tileOffsets, lists, out), end, out));
    }

    @Override
    public @Nullable TilesResult join(TilesResult first, TilesResult second, ResultBuffers out) {
        if (!Joined.fits(first.tileExpert(), second.tileExpert())) {
            return null;
        }
        return new TilesResult(
                Joined.lists(first.mNumTilesIndptr(), second.mNumTilesIndptr(), out),
                Joined.lists(first.tileExpert(), second.tileExpert(), out),
                Joined.lists(first.tileRowStart(), second.tileRowStart(), out),
                Joined.lists(first.tileRowEnd(), second.tileRowEnd(), out));
    }

    @Override
    public TilesResult onCpu(RoutingBatch part) {
        long before = (part.offsetsAddress() - segIndptr.offsets().memoryAddress());
        ArrowBuf offsets = segIndptr.offsets().slice(before, 4L * (part.segments() + 1L));
        ListBuffer lists = new ListBuffer(part.segments(), 8, offsets, segIndptr.values());
        return cpu.groupedGemmTiles(lists, part.firstRow(), blockM, allocator);
    }
}
