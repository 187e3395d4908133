package io.sparkmoe.core.routing;

import io.sparkmoe.core.analysis.AnalysisBackend;
import io.sparkmoe.core.reorder.ReorderBackend;
import org.apache.arrow.memory.BufferAllocator;

/**
 * The routing operators over a batch of segments. Every implementation gives the same bytes.
 *
 * <p>A segment is one list of topk_ids: n = num_tokens * topk flat ids, token-major. Results are allocated from the
 * caller's allocator and owned by the caller; after an exception nothing stays allocated. Results follow the order of
 * segments and are stable inside an expert (flat indices ascending). A backend may be used by many threads at once;
 * its accumulators belong to one thread each.
 */
public interface RoutingBackend extends AutoCloseable {
    /** {@code cpu} or {@code cuda}. */
    String name();

    /**
     * The metadata that fused-MoE kernels take (SGLang and vLLM {@code moe_align_block_size}): every expert's flat
     * indices padded to whole blocks with the sentinel n.
     *
     * @throws MalformedRoutingException naming row, position and value
     */
    AlignResult align(RoutingBatch batch, AlignOptions options, BufferAllocator allocator);

    /**
     * vLLM's batched align: a segment lists expert_num_tokens [Nb]; entries of batch b are b * M + 0 .. c_b - 1, padded
     * with the sentinel Nb * M; expertIds holds b a block.
     */
    AlignResult batchedAlign(RoutingBatch expertNumTokens, BatchedAlignOptions options, BufferAllocator allocator);

    /** The stable order by expert without padding, and the offsets of each expert's run. */
    CompactResult alignCompact(RoutingBatch batch, CompactOptions options, BufferAllocator allocator);

    /** The maps of expert-parallel reorder in one of the published forms. */
    EpPreprocessResult epPreprocess(RoutingBatch batch, EpPreprocessOptions options, BufferAllocator allocator);

    /**
     * The tile schedule of a grouped GEMM: expert e's rows [seg[e], seg[e + 1]) in tiles of block_m.
     *
     * @param segIndptr int64 lists, each ascending; at least one entry each
     * @param firstRow row number of the first list, for messages
     */
    TilesResult groupedGemmTiles(ListBuffer segIndptr, long firstRow, int blockM, BufferAllocator allocator);

    /** Ids of each expert, a segment. */
    CountsResult expertCounts(RoutingBatch batch, CountsOptions options, BufferAllocator allocator);

    /** Blocks and padded slots a segment would take at several block sizes, in one pass. */
    PaddingResult padding(RoutingBatch batch, PaddingOptions options, BufferAllocator allocator);

    /** A fresh accumulator of expert load. */
    ExpertLoadAccumulator expertLoad(CountsOptions options, BufferAllocator allocator);

    /** A fresh accumulator of padding figures. */
    PaddingAccumulator paddingTotals(PaddingOptions options, BufferAllocator allocator);

    /** The operators over activations that go with these; closed with this backend. */
    ReorderBackend reorder();

    /** The accumulators of the analyses. */
    AnalysisBackend analyses();

    /**
     * Buffers for ids on their way to this backend, charged to {@code allocator}: pinned memory where that makes copies to
     * a device fast. Any other memory is taken just as well.
     */
    default BufferSource inputBuffers(BufferAllocator allocator) {
        return allocator::buffer;
    }

    /**
     * Bytes of ids from which on a call is worth its fixed cost; a caller that has fewer and may wait collects more first.
     */
    default long worthwhileBytes() {
        return 0;
    }

    /** What the calling thread's calls did on a device since it asked last. */
    default DeviceActivity takeActivity() {
        return DeviceActivity.NONE;
    }

    @Override
    void close();
}
