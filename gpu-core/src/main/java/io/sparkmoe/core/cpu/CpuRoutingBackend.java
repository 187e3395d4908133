package io.sparkmoe.core.cpu;

import io.sparkmoe.core.analysis.AnalysisBackend;
import io.sparkmoe.core.reorder.ReorderBackend;
import io.sparkmoe.core.routing.AlignOptions;
import io.sparkmoe.core.routing.AlignResult;
import io.sparkmoe.core.routing.BatchedAlignOptions;
import io.sparkmoe.core.routing.CompactOptions;
import io.sparkmoe.core.routing.CompactResult;
import io.sparkmoe.core.routing.CountsOptions;
import io.sparkmoe.core.routing.CountsResult;
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
import org.apache.arrow.memory.BufferAllocator;

/**
 * The operators on the calling thread's core: stable counting sorts in two passes. Runs everywhere, takes every
 * num_experts up to 65,535, and is what other backends are compared with.
 *
 * <p>Scratch (about 20 bytes an expert and a tile of 16 KiB) is kept for each calling thread, and up to 128 MiB of released
 * results for the next ones until {@link #close}; results may outlive the backend.
 */
public final class CpuRoutingBackend implements RoutingBackend {
    private static final ThreadLocal<Histogram> SCRATCH = new ThreadLocal<>();

    private final WarmMemory memory = new WarmMemory();
    private final ReorderBackend reorder = new CpuReorderBackend(memory);

    @Override
    public String name() {
        return "cpu";
    }

    @Override
    public AlignResult align(RoutingBatch batch, AlignOptions options, BufferAllocator allocator) {
        Keys keys = Keys.of(options.ids());
        return memory.answer(allocator, new Align(batch, options, keys, histogram(keys, batch))::run);
    }

    @Override
    public AlignResult batchedAlign(
            RoutingBatch expertNumTokens, BatchedAlignOptions options, BufferAllocator allocator) {
        return memory.answer(allocator, new BatchedAlign(expertNumTokens, options)::run);
    }

    @Override
    public CompactResult alignCompact(RoutingBatch batch, CompactOptions options, BufferAllocator allocator) {
        Keys keys = Keys.of(options.ids());
        return memory.answer(allocator, new AlignCompact(batch, keys, histogram(keys, batch))::run);
    }

    @Override
    public EpPreprocessResult epPreprocess(RoutingBatch batch, EpPreprocessOptions options, BufferAllocator allocator) {
        Keys keys = EpPreprocess.keys(options);
        return memory.answer(allocator, new EpPreprocess(batch, options, keys, histogram(keys, batch))::run);
    }

    @Override
    public TilesResult groupedGemmTiles(ListBuffer segIndptr, long firstRow, int blockM, BufferAllocator allocator) {
        return memory.answer(allocator, new GroupedGemmTiles(segIndptr, firstRow, blockM)::run);
    }

    @Override
    public CountsResult expertCounts(RoutingBatch batch, CountsOptions options, BufferAllocator allocator) {
        Keys keys = Keys.of(options.ids());
        return memory.answer(allocator, out -> ExpertCounts.run(batch, keys, histogram(keys, batch), out));
    }

    @Override
    public PaddingResult padding(RoutingBatch batch, PaddingOptions options, BufferAllocator allocator) {
        Keys keys = Keys.of(options.ids());
        return memory.answer(allocator, out -> new Padding(options, keys).run(batch, histogram(keys, batch), out));
    }

    @Override
    public ExpertLoadAccumulator expertLoad(CountsOptions options, BufferAllocator allocator) {
        return new CpuExpertLoad(options);
    }

    @Override
    public PaddingAccumulator paddingTotals(PaddingOptions options, BufferAllocator allocator) {
        return new CpuPaddingTotals(options);
    }

    @Override
    public ReorderBackend reorder() {
        return reorder;
    }

    @Override
    public AnalysisBackend analyses() {
        return CpuAnalyses.INSTANCE;
    }

    private static Histogram histogram(Keys keys, RoutingBatch batch) {
        Histogram histogram = SCRATCH.get();
        if (histogram == null) {
            histogram = new Histogram(keys, batch);
            SCRATCH.set(histogram);
        } else {
            histogram.use(keys, batch);
        }
        return histogram;
    }

    @Override
    public void close() {
        memory.close();
    }
}
