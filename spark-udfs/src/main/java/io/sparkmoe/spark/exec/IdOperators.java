package io.sparkmoe.spark.exec;

import io.sparkmoe.core.routing.AlignOptions;
import io.sparkmoe.core.routing.AlignResult;
import io.sparkmoe.core.routing.CompactOptions;
import io.sparkmoe.core.routing.CompactResult;
import io.sparkmoe.core.routing.CountsOptions;
import io.sparkmoe.core.routing.CountsResult;
import io.sparkmoe.core.routing.EpPreprocessOptions;
import io.sparkmoe.core.routing.EpPreprocessResult;
import io.sparkmoe.core.routing.IdOptions;
import io.sparkmoe.core.routing.ListBuffer;
import io.sparkmoe.core.routing.PaddingOptions;
import io.sparkmoe.core.routing.PaddingResult;
import io.sparkmoe.core.routing.RoutingBackend;
import io.sparkmoe.core.routing.RoutingBatch;
import java.util.List;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.jspecify.annotations.Nullable;

/** The id functions that run batch-wise: each names its result type and turns the backend's buffers into a column. */
public final class IdOperators {
    private static final DataType INTS = DataTypes.createArrayType(DataTypes.IntegerType, false);
    private static final DataType LONGS = DataTypes.createArrayType(DataTypes.LongType, false);

    private IdOperators() {}

    /** moe_align_block_size. */
    public record Align(AlignOptions options) implements IdOperator {
        private static final StructType TYPE = new StructType()
                .add("sorted_token_ids", INTS, false)
                .add("expert_ids", INTS, false)
                .add("num_tokens_post_pad", DataTypes.IntegerType, false);

        @Override
        public DataType resultType() {
            return TYPE;
        }

        @Override
        public IdOptions ids() {
            return options.ids();
        }

        @Override
        public ResultColumn run(
                RoutingBackend backend, RoutingBatch batch, long @Nullable [] nulls, BufferAllocator allocator) {
            AlignResult r = backend.align(batch, options, allocator);
            StructColumn column = new StructColumn(
                    TYPE,
                    List.of(
                            ListColumn.of(r.sortedTokenIds()),
                            ListColumn.of(r.expertIds()),
                            new IntColumn(r.numTokensPostPad().memoryAddress())),
                    nulls);
            return new ResultColumn(
                    column, r.counts(), bytes(r.sortedTokenIds(), r.expertIds()) + 4L * batch.segments(), r);
        }
    }

    /** moe_align_compact. */
    public record Compact(CompactOptions options) implements IdOperator {
        private static final StructType TYPE =
                new StructType().add("sorted_ids", INTS, false).add("expert_offsets", INTS, false);

        @Override
        public DataType resultType() {
            return TYPE;
        }

        @Override
        public IdOptions ids() {
            return options.ids();
        }

        @Override
        public ResultColumn run(
                RoutingBackend backend, RoutingBatch batch, long @Nullable [] nulls, BufferAllocator allocator) {
            CompactResult r = backend.alignCompact(batch, options, allocator);
            StructColumn column = new StructColumn(
                    TYPE, List.of(ListColumn.of(r.sortedIds()), ListColumn.of(r.expertOffsets())), nulls);
            return new ResultColumn(column, r.counts(), bytes(r.sortedIds(), r.expertOffsets()), r);
        }
    }

    /** moe_ep_preprocess. */
    public record EpPreprocess(EpPreprocessOptions options) implements IdOperator {
        private static final StructType TYPE = new StructType()
                .add("reorder_topk_ids", INTS, false)
                .add("reorder_ids", INTS, false)
                .add("src2dst", INTS, false)
                .add("seg_indptr", LONGS, false)
                .add("masked_m", INTS, false);

        @Override
        public DataType resultType() {
            return TYPE;
        }

        @Override
        public IdOptions ids() {
            return options.ids();
        }

        @Override
        public ResultColumn run(
                RoutingBackend backend, RoutingBatch batch, long @Nullable [] nulls, BufferAllocator allocator) {
            EpPreprocessResult r = backend.epPreprocess(batch, options, allocator);
            StructColumn column = new StructColumn(
                    TYPE,
                    List.of(
                            ListColumn.of(r.reorderTopkIds()),
                            ListColumn.of(r.reorderIds()),
                            ListColumn.of(r.src2dst()),
                            ListColumn.of(r.segIndptr()),
                            ListColumn.of(r.maskedM())),
                    nulls);
            long bytes = bytes(r.reorderTopkIds(), r.reorderIds(), r.src2dst(), r.segIndptr(), r.maskedM());
            return new ResultColumn(column, r.counts(), bytes, r);
        }
    }

    /** moe_expert_counts. */
    public record Counts(CountsOptions options) implements IdOperator {
        @Override
        public DataType resultType() {
            return LONGS;
        }

        @Override
        public IdOptions ids() {
            return options.ids();
        }

        @Override
        public ResultColumn run(
                RoutingBackend backend, RoutingBatch batch, long @Nullable [] nulls, BufferAllocator allocator) {
            CountsResult r = backend.expertCounts(batch, options, allocator);
            return new ResultColumn(ListColumn.of(r.counts64(), nulls), r.counts(), bytes(r.counts64()), r);
        }
    }

    /** moe_padding. */
    public record Padding(PaddingOptions options) implements IdOperator {
        public static final StructType TYPE = new StructType()
                .add("block_size", INTS, false)
                .add("blocks", LONGS, false)
                .add("slots", LONGS, false)
                .add("used", DataTypes.LongType, false)
                .add("active_experts", DataTypes.IntegerType, false);

        @Override
        public DataType resultType() {
            return TYPE;
        }

        @Override
        public IdOptions ids() {
            return options.ids();
        }

        @Override
        public ResultColumn run(
                RoutingBackend backend, RoutingBatch batch, long @Nullable [] nulls, BufferAllocator allocator) {
            PaddingResult r = backend.padding(batch, options, allocator);
            StructColumn column = new StructColumn(
                    TYPE,
                    List.of(
                            new RepeatedListColumn(options.blockSizes()),
                            ListColumn.of(r.blocks()),
                            ListColumn.of(r.slots()),
                            new LongColumn(r.used().memoryAddress()),
                            new IntColumn(r.activeExperts().memoryAddress())),
                    nulls);
            return new ResultColumn(column, r.counts(), bytes(r.blocks(), r.slots()) + 12L * batch.segments(), r);
        }
    }

    private static long bytes(ListBuffer... lists) {
        long bytes = 0;
        for (ListBuffer list : lists) {
            bytes += 4L * (list.rows() + 1L) + (long) list.elementBytes() * list.totalElements();
        }
        return bytes;
    }
}
