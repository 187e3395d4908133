package io.sparkmoe.core.cuda;

import io.sparkmoe.core.cuda.driver.CudaContext;
import io.sparkmoe.core.cuda.driver.CudaException;
import io.sparkmoe.core.cuda.driver.CudaFunction;
import io.sparkmoe.core.cuda.driver.CudaStream;
import io.sparkmoe.core.cuda.driver.DeviceBlock;
import io.sparkmoe.core.cuda.driver.DeviceMemoryPool;
import io.sparkmoe.core.cuda.driver.KernelArguments;
import io.sparkmoe.core.cuda.driver.LaunchConfig;
import io.sparkmoe.core.cuda.driver.PinnedMemoryPool;
import io.sparkmoe.core.routing.Memory;
import io.sparkmoe.core.routing.RoutingBatch;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A stream and what one operator call at a time needs beside it: device memory taken for the call, a page-locked place
 * for small copies, the tally of left-out ids, clocks.
 *
 * <p>A call goes {@link Lanes#begin}, uploads, {@link #uploaded}, launches, {@link #computed}, copies back, {@link #end},
 * {@link #close}. What it took of device memory is given back only when the stream has come past it, also after a failure.
 */
final class Lane implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Lane.class);

    private static final int TALLY_BYTES = 4 * Long.BYTES;

    private final CudaStream stream;
    private final Kernels kernels;
    private final DeviceMemoryPool memory;
    private final CudaContext context;
    private final Lanes owner;
    private final HostScratch scratch;
    private final Clock clock;
    private final long tally;
    private final KernelArguments arguments = new KernelArguments();
    private final List<DeviceBlock> taken = new ArrayList<>();
    private final List<DeviceBlock> kept = new ArrayList<>();
    private boolean permitted;
    private boolean launched;
    private boolean ended;
    private Activity activity = new Activity();

    private Lane(
            Lanes owner,
            CudaContext context,
            Kernels kernels,
            DeviceMemoryPool memory,
            CudaStream stream,
            Clock clock,
            long tally,
            HostScratch scratch) {
        this.owner = owner;
        this.context = context;
        this.kernels = kernels;
        this.memory = memory;
        this.stream = stream;
        this.clock = clock;
        this.tally = tally;
        this.scratch = scratch;
    }

    static Lane open(
            Lanes owner, CudaContext context, Kernels kernels, DeviceMemoryPool memory, PinnedMemoryPool pinned) {
        CudaStream stream = context.newStream();
        Clock clock = null;
        long tally = 0;
        try {
            clock = new Clock(context, stream);
            // The lane's own: reading sums back must not depend on free memory.
            tally = context.allocate(TALLY_BYTES);
            return new Lane(owner, context, kernels, memory, stream, clock, tally, new HostScratch(pinned));
        } catch (RuntimeException | Error e) {
            if (tally != 0) {
                context.free(tally);
            }
            if (clock != null) {
                clock.close();
            }
            stream.close();
            throw e;
        }
    }

    /**
     * Starts a call whose figures go to {@code figures}.
     *
     * @param withPermit whether giving the lane back gives back a permit
     */
    void begin(Activity figures, boolean withPermit) {
        activity = figures;
        permitted = withPermit;
        launched = false;
        ended = false;
        clock.start();
        stream.fill(tally, (byte) 0, TALLY_BYTES);
    }

    /** Device memory for this call, aligned to 256 bytes, of undefined content. */
    long take(long bytes) {
        DeviceBlock block = memory.take(Math.max(1, bytes));
        taken.add(block);
        return block.address();
    }

    /** The lanes that this is one of. */
    Lanes owner() {
        return owner;
    }

    /** Device memory that outlives the call if it ends well; whoever gets the result closes it. */
    DeviceBlock keep(long bytes) {
        DeviceBlock block = memory.take(Math.max(1, bytes));
        kept.add(block);
        return block;
    }

    /** Device memory for this call, all zero. */
    long takeZeroed(long bytes) {
        long address = take(bytes);
        stream.fill(address, (byte) 0, bytes);
        return address;
    }

    DeviceBatch upload(RoutingBatch batch) {
        long bytes = batch.totalIds() * batch.type().bytes();
        // A vector load may read up to 15 bytes beyond the last id.
        long ids = take(bytes + 16);
        copyToDevice(ids, batch.address(0), bytes);
        long offsetBytes = 4L * (batch.segments() + 1L);
        long offsets = take(offsetBytes);
        copyToDevice(offsets, batch.offsetsAddress(), offsetBytes);
        return new DeviceBatch(batch, ids, offsets);
    }

    /** A copy of {@code bytes} at a host address, which must stay until {@link #end}. */
    long upload(long host, long bytes) {
        long device = take(bytes);
        copyToDevice(device, host, bytes);
        return device;
    }

    long upload(short[] values) {
        long host = scratch.take(2L * values.length);
        Memory.copy(values, Memory.SHORTS, host, 2L * values.length);
        return upload(host, 2L * values.length);
    }

    long upload(int[] values, int count) {
        long host = scratch.take(4L * count);
        Memory.copy(values, Memory.INTS, host, 4L * count);
        return upload(host, 4L * count);
    }

    long upload(long[] values) {
        long host = scratch.take(8L * values.length);
        Memory.copy(values, Memory.LONGS, host, 8L * values.length);
        return upload(host, 8L * values.length);
    }

    private void copyToDevice(long device, long host, long bytes) {
        stream.copyToDevice(device, host, bytes);
        activity.bytesToDevice += bytes;
    }

    /** What the kernels need is on its way; launches follow. */
    void uploaded() {
        clock.uploaded();
    }

    /** Starts a launch: fill in the arguments, then {@link #launch}. */
    KernelArguments arguments() {
        return arguments.reset();
    }

    void launch(String file, String kernel, LaunchConfig config) {
        CudaFunction function = kernels.get(file, kernel);
        function.ensureSharedBytes(config.sharedBytes());
        stream.launch(function, config, arguments);
        launched = true;
    }

    /** Whether the call has launched anything. */
    boolean launched() {
        return launched;
    }

    CudaFunction kernel(String file, String name) {
        return kernels.get(file, name);
    }

    int multiprocessors() {
        return context.device().multiprocessors();
    }

    /** Whether the device has compute capability 9.0, and with it clusters of blocks. */
    boolean hasClusters() {
        return context.device().atLeast(9, 0);
    }

    /** Most shared memory that a block may have. */
    int maxSharedBytes() {
        return context.device().maxSharedBytesPerBlock();
    }

    CudaStream stream() {
        return stream;
    }

    /** All launches are made; copies back follow. */
    void computed() {
        clock.computed();
    }

    /** Enqueues a copy of device memory that the host wants to read; it is there after {@link #await}. */
    long read(long device, long bytes) {
        long host = scratch.take(bytes);
        copyBack(host, device, bytes);
        return host;
    }

    /** Ends the call with a copy of device memory. */
    long[] readLongs(long device, int longs) {
        long bytes = (long) Long.BYTES * longs;
        long host = read(device, bytes);
        end();
        long[] out = new long[longs];
        Memory.copyOut(host, out, Memory.LONGS, bytes);
        return out;
    }

    /** Enqueues a copy of the tally, for {@link LeftOut#at}. */
    long readTally() {
        return read(tally, 3 * Long.BYTES);
    }

    /** Waits for everything enqueued so far. */
    void await() {
        stream.synchronize();
    }

    /** Enqueues a copy to host memory that must stay until {@link #end}. */
    void copyBack(long host, long device, long bytes) {
        stream.copyToHost(host, device, bytes);
        activity.bytesFromDevice += bytes;
    }

    /** Device address of the tally: unsigned 64-bit masked, invalid, non-local. */
    long tally() {
        return tally;
    }

    /** Waits for everything and notes the figures. */
    void end() {
        clock.end();
        stream.synchronize();
        clock.note(activity);
        ended = true;
    }

    /**
     * Gives back what the call took, and the lane itself. A call that failed is waited for, if the device still answers;
     * throws nothing, so that a result that is ready is not lost.
     */
    @Override
    public void close() {
        try {
            if (!ended) {
                stream.synchronize();
            }
        } catch (CudaException e) {
            LOG.debug("after a failed call", e);
        } finally {
            taken.forEach(DeviceBlock::close);
            taken.clear();
            if (!ended) {
                kept.forEach(DeviceBlock::close);
            }
            kept.clear();
            scratch.clear();
            owner.giveBack(this, permitted);
        }
    }

    /** Frees the lane. */
    void dispose() {
        clock.close();
        scratch.close();
        context.free(tally);
        stream.close();
    }
}
