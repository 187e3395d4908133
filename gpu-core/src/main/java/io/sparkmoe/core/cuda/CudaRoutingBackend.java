package io.sparkmoe.core.cuda;

import io.sparkmoe.core.analysis.AnalysisBackend;
import io.sparkmoe.core.cuda.driver.CudaContext;
import io.sparkmoe.core.cuda.driver.CudaDevice;
import io.sparkmoe.core.cuda.driver.CudaDriver;
import io.sparkmoe.core.cuda.driver.CudaException;
import io.sparkmoe.core.cuda.driver.CudaUnavailableException;
import io.sparkmoe.core.cuda.driver.DeviceMemoryPool;
import io.sparkmoe.core.cuda.driver.PinnedMemoryPool;
import io.sparkmoe.core.reorder.ReorderBackend;
import io.sparkmoe.core.routing.AlignOptions;
import io.sparkmoe.core.routing.AlignResult;
import io.sparkmoe.core.routing.BatchedAlignOptions;
import io.sparkmoe.core.routing.BufferSource;
import io.sparkmoe.core.routing.CompactOptions;
import io.sparkmoe.core.routing.CompactResult;
import io.sparkmoe.core.routing.CountsOptions;
import io.sparkmoe.core.routing.CountsResult;
import io.sparkmoe.core.routing.DeviceActivity;
import io.sparkmoe.core.routing.DeviceSettings;
import io.sparkmoe.core.routing.EpPreprocessOptions;
import io.sparkmoe.core.routing.EpPreprocessResult;
import io.sparkmoe.core.routing.ExpertLoadAccumulator;
import io.sparkmoe.core.routing.ListBuffer;
import io.sparkmoe.core.routing.PaddingAccumulator;
import io.sparkmoe.core.routing.PaddingOptions;
import io.sparkmoe.core.routing.PaddingResult;
import io.sparkmoe.core.routing.RoutingBackend;
import io.sparkmoe.core.routing.RoutingBatch;
import io.sparkmoe.core.routing.TilesResult;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.ToLongFunction;
import org.apache.arrow.memory.BufferAllocator;

/**
 * The operators on one CUDA device. What the kernels do not take (more than 1,024 experts, a segment that does not fit the
 * device's memory) another backend does, counted in {@link DeviceActivity#fallbacks}; it also words the complaints about
 * malformed data, which the kernels only detect.
 *
 * <p>Results lie in page-locked memory that the device wrote; close them before the backend.
 */
public final class CudaRoutingBackend implements RoutingBackend {
    /** Copying this takes 0.15 ms, three times what the calls of a small batch cost. */
    private static final long WORTHWHILE_BYTES = 8 << 20;

    private final CudaContext context;
    private final DeviceMemoryPool memory;
    private final PinnedMemoryPool pinned;
    private final Kernels kernels;
    private final Lanes lanes;
    private final DeviceCalls calls;
    private final PinnedResults results;
    private final RoutingBackend cpu;
    private final ReorderBackend reorder;
    private final AnalysisBackend analyses;
    private final AtomicBoolean closed = new AtomicBoolean();

    private CudaRoutingBackend(CudaContext context, long deviceBytes, DeviceSettings settings, RoutingBackend cpu) {
        this.context = context;
        this.memory = new DeviceMemoryPool(context, Math.max(1, deviceBytes));
        this.pinned = new PinnedMemoryPool(context, Math.max(1, settings.pinnedBytes()));
        this.kernels = new Kernels(context);
        this.lanes = new Lanes(context, kernels, memory, pinned, settings.concurrentTasks());
        this.calls = new DeviceCalls(context, lanes, settings.failOnStickyError());
        this.results = new PinnedResults(pinned);
        this.cpu = cpu;
        this.reorder = new CudaReorderBackend(calls, results, cpu.reorder());
        this.analyses = new CudaAnalyses(calls, memory, cpu.analyses());
    }

    /**
     * Opens the device that {@code settings} name.
     *
     * @param cpu takes over what the device cannot do; closed with this backend, or by the caller if this fails
     * @throws CudaUnavailableException saying in one sentence why there is no device
     */
    public static CudaRoutingBackend open(DeviceSettings settings, RoutingBackend cpu) throws CudaUnavailableException {
        CudaDriver driver = load(settings);
        String address = settings.device();
        CudaDevice device = address == null ? driver.device(0) : driver.device(address);
        return open(device, context -> (long) (context.freeMemory() * settings.memoryFraction()), settings, cpu);
    }

    /** A backend on the first device with so many bytes of its memory. */
    static CudaRoutingBackend withDeviceBytes(long bytes, DeviceSettings settings, RoutingBackend cpu)
            throws CudaUnavailableException {
        return open(CudaDriver.load().device(0), context -> bytes, settings, cpu);
    }

    private static CudaRoutingBackend open(
            CudaDevice device, ToLongFunction<CudaContext> deviceBytes, DeviceSettings settings, RoutingBackend cpu)
            throws CudaUnavailableException {
        try {
            CudaContext context = CudaContext.open(device);
            try {
                return new CudaRoutingBackend(context, deviceBytes.applyAsLong(context), settings, cpu);
            } catch (RuntimeException | Error e) {
                context.close();
                throw e;
            }
        } catch (CudaException e) {
            throw new CudaUnavailableException("the GPU " + device + " cannot be opened: " + e.getMessage(), e);
        }
    }

    /** The pool of device memory, for tests. */
    DeviceMemoryPool deviceMemory() {
        return memory;
    }

    /** The pool of page-locked memory, for tests. */
    PinnedMemoryPool pinnedMemory() {
        return pinned;
    }

    private static CudaDriver load(DeviceSettings settings) throws CudaUnavailableException {
        String folder = settings.nativeFolder();
        return CudaDriver.load(folder == null ? null : Path.of(folder));
    }

    /** The driver and its devices, a line each, or the reason why there are none. */
    public static List<String> describe(DeviceSettings settings) {
        try {
            CudaDriver driver = load(settings);
            List<String> lines = new ArrayList<>();
            lines.add("driver for CUDA " + driver.version() / 1000 + "." + driver.version() % 1000 / 10);
            driver.devices().forEach(d -> lines.add(d.toString()));
            return lines;
        } catch (CudaUnavailableException e) {
            return List.of(String.valueOf(e.getMessage()));
        }
    }

    /** Bytes of device memory that calls and accumulators hold now. */
    public long usedDeviceBytes() {
        return memory.used();
    }

    /** The device, for a log line. */
    public String device() {
        return context.device().toString();
    }

    @Override
    public String name() {
        return "cuda";
    }

    @Override
    public AlignResult align(RoutingBatch batch, AlignOptions options, BufferAllocator allocator) {
        KeyPlan keys = KeyPlan.of(options.ids());
        if (!keys.fits()) {
            return byCpu(cpu.align(batch, options, allocator));
        }
        return calls.answer(batch, new AlignCall(options, keys, cpu, allocator), results.chargedTo(allocator));
    }

    @Override
    public AlignResult batchedAlign(
            RoutingBatch expertNumTokens, BatchedAlignOptions options, BufferAllocator allocator) {
        return calls.answer(
                expertNumTokens, new BatchedAlignCall(options, cpu, allocator), results.chargedTo(allocator));
    }

    @Override
    public CompactResult alignCompact(RoutingBatch batch, CompactOptions options, BufferAllocator allocator) {
        KeyPlan keys = KeyPlan.of(options.ids());
        if (!keys.fits()) {
            return byCpu(cpu.alignCompact(batch, options, allocator));
        }
        return calls.answer(batch, new AlignCompactCall(options, keys, cpu, allocator), results.chargedTo(allocator));
    }

    @Override
    public EpPreprocessResult epPreprocess(RoutingBatch batch, EpPreprocessOptions options, BufferAllocator allocator) {
        KeyPlan keys = KeyPlan.of(options);
        if (!keys.fits()) {
            return byCpu(cpu.epPreprocess(batch, options, allocator));
        }
        return calls.answer(batch, new EpPreprocessCall(options, keys, cpu, allocator), results.chargedTo(allocator));
    }

    @Override
    public TilesResult groupedGemmTiles(ListBuffer segIndptr, long firstRow, int blockM, BufferAllocator allocator) {
        if (segIndptr.elementBytes() != 8 || blockM < 1) {
            return cpu.groupedGemmTiles(segIndptr, firstRow, blockM, allocator);
        }
        TilesCall call = new TilesCall(segIndptr, firstRow, blockM, cpu, allocator);
        return calls.answer(call.lists(), call, results.chargedTo(allocator));
    }

    @Override
    public CountsResult expertCounts(RoutingBatch batch, CountsOptions options, BufferAllocator allocator) {
        if (!KeyPlan.of(options.ids()).fits()) {
            return byCpu(cpu.expertCounts(batch, options, allocator));
        }
        return calls.answer(batch, new ExpertCountsCall(options, cpu, allocator), results.chargedTo(allocator));
    }

    @Override
    public PaddingResult padding(RoutingBatch batch, PaddingOptions options, BufferAllocator allocator) {
        if (!KeyPlan.of(options.ids()).fits()) {
            return byCpu(cpu.padding(batch, options, allocator));
        }
        return calls.answer(batch, new PaddingCall(options, cpu, allocator), results.chargedTo(allocator));
    }

    /** A result of the CPU, counted as a fallback. */
    private <R> R byCpu(R result) {
        calls.activity().fallbacks++;
        return result;
    }

    @Override
    public ExpertLoadAccumulator expertLoad(CountsOptions options, BufferAllocator allocator) {
        if (!KeyPlan.of(options.ids()).fits() || !calls.alive()) {
            return byCpu(cpu.expertLoad(options, allocator));
        }
        return new CudaExpertLoad(options, calls, memory, cpu, allocator);
    }

    @Override
    public PaddingAccumulator paddingTotals(PaddingOptions options, BufferAllocator allocator) {
        if (!KeyPlan.of(options.ids()).fits() || !calls.alive()) {
            return byCpu(cpu.paddingTotals(options, allocator));
        }
        return new CudaPaddingTotals(options, calls, memory, cpu, allocator);
    }

    @Override
    public ReorderBackend reorder() {
        return reorder;
    }

    @Override
    public AnalysisBackend analyses() {
        return analyses;
    }

    @Override
    public BufferSource inputBuffers(BufferAllocator allocator) {
        return results.chargedTo(allocator);
    }

    @Override
    public long worthwhileBytes() {
        return WORTHWHILE_BYTES;
    }

    @Override
    public DeviceActivity takeActivity() {
        return calls.activity().take(memory.peak());
    }

    /**
     * Waits for what runs on the device and frees everything; a call that comes back for more fails. Results that are still out stay readable until they are closed.
     *
     * @throws IllegalStateException naming results and accumulators that are still out
     */
    @Override
    public void close() {
        if (!closed.compareAndSet(false, true)) {
            return;
        }
        RuntimeException first = null;
        for (Runnable step : List.<Runnable>of(
                lanes::close, kernels::close, pinned::close, memory::close, context::close, cpu::close)) {
            try {
                step.run();
            } catch (RuntimeException e) {
                if (first == null) {
                    first = e;
                } else {
                    first.addSuppressed(e);
                }
            }
        }
        if (first != null) {
            throw first;
        }
    }
}
