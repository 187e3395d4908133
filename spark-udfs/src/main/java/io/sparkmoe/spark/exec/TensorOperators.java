package io.sparkmoe.spark.exec;

import io.sparkmoe.core.reorder.ExpertRange;
import io.sparkmoe.core.reorder.PostReorderOptions;
import io.sparkmoe.core.reorder.PreReorderOptions;
import io.sparkmoe.core.reorder.ScaleMode;
import io.sparkmoe.core.reorder.SiluAndMulOptions;
import io.sparkmoe.core.reorder.TensorResult;
import io.sparkmoe.core.reorder.TensorType;
import io.sparkmoe.core.reorder.TopkOptions;
import io.sparkmoe.core.reorder.TopkResult;
import io.sparkmoe.core.routing.IdCounts;
import io.sparkmoe.core.routing.IdOptions;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.jspecify.annotations.Nullable;

/** The functions of activations that run batch-wise. Tensors are their results' columns, packed when a row is read. */
public final class TensorOperators {
    private static final InputKind IDS = new InputKind.Ids(IdOptions.of(IdOptions.MAX_EXPERTS));
    private static final InputKind SRC2DST = new InputKind.Positions("src2dst");

    private TensorOperators() {}

    /** An operator whose result is a tensor. */
    private interface TensorOperator extends BatchOperator {
        /** Elements of a row of the result. */
        int lastDim();

        TensorResult compute(BatchInputs in);

        @Override
        default DataType resultType() {
            return DataTypes.BinaryType;
        }

        @Override
        default ResultColumn run(BatchInputs in) {
            TensorResult r = compute(in);
            long bytes = r.totalElements() * r.type().bytes() + 8L * (r.segments() + 1L);
            return new ResultColumn(new TensorColumn(r, lastDim(), in.nulls()), IdCounts.NONE, bytes, r);
        }
    }

    /** moe_pre_reorder; a null {@code outType} is the input's. */
    public record PreReorder(
            int topk,
            int hiddenSize,
            ScaleMode scaleMode,
            ExpertRange experts,
            @Nullable TensorType outType) implements TensorOperator {
        public PreReorder {
            options(topk, hiddenSize, scaleMode, experts, TensorType.FP32);
        }

        private static PreReorderOptions options(
                int topk, int hiddenSize, ScaleMode scaleMode, ExpertRange experts, TensorType outType) {
            return new PreReorderOptions(topk, hiddenSize, scaleMode, experts, outType);
        }

        @Override
        public List<InputKind> inputs() {
            return withScales(
                    "a1_scales",
                    scaleMode != ScaleMode.NONE,
                    InputKind.Tensor.activations("hidden", hiddenSize),
                    IDS,
                    SRC2DST);
        }

        @Override
        public int lastDim() {
            return hiddenSize;
        }

        @Override
        public long maxResultBytes(long[] lengths, int[] widths) {
            return 8 + lengths[1] * hiddenSize * (outType == null ? widths[0] : outType.bytes());
        }

        @Override
        public TensorResult compute(BatchInputs in) {
            TensorType out = outType == null ? in.tensor(0).type() : outType;
            return in.backend()
                    .reorder()
                    .preReorder(
                            in.tensor(0),
                            in.ids(1),
                            in.ids(2),
                            scaleMode == ScaleMode.NONE ? null : in.hostTensor(3),
                            options(topk, hiddenSize, scaleMode, experts, out),
                            in.allocator());
        }
    }

    /** moe_post_reorder. */
    public record PostReorder(PostReorderOptions options) implements TensorOperator {
        @Override
        public List<InputKind> inputs() {
            return List.of(
                    InputKind.Tensor.activations("down_output", options.hiddenSize()),
                    SRC2DST,
                    IDS,
                    InputKind.Tensor.floats("topk_weights", false));
        }

        @Override
        public int lastDim() {
            return options.hiddenSize();
        }

        @Override
        public long maxResultBytes(long[] lengths, int[] widths) {
            return 8 + lengths[2] / options.topk() * options.hiddenSize() * widths[0];
        }

        @Override
        public TensorResult compute(BatchInputs in) {
            return in.backend()
                    .reorder()
                    .postReorder(in.tensor(0), in.ids(2), in.ids(1), in.hostTensor(3), options, in.allocator());
        }
    }

    /** moe_silu_and_mul; a null {@code outType} is the input's. */
    public record SiluAndMul(
            int hiddenSize,
            boolean scaled,
            ExpertRange experts,
            @Nullable TensorType outType) implements TensorOperator {
        public SiluAndMul {
            options(hiddenSize, scaled, experts, TensorType.FP32);
        }

        private static SiluAndMulOptions options(
                int hiddenSize, boolean scaled, ExpertRange experts, TensorType outType) {
            return new SiluAndMulOptions(hiddenSize, scaled, experts, outType);
        }

        @Override
        public List<InputKind> inputs() {
            return withScales("scales", scaled, InputKind.Tensor.activations("gateup_output", hiddenSize), IDS);
        }

        @Override
        public int lastDim() {
            return hiddenSize / 2;
        }

        @Override
        public long maxResultBytes(long[] lengths, int[] widths) {
            return 8 + lengths[0] / 2 * (outType == null ? widths[0] : outType.bytes());
        }

        @Override
        public TensorResult compute(BatchInputs in) {
            TensorType out = outType == null ? in.tensor(0).type() : outType;
            return in.backend()
                    .reorder()
                    .siluAndMul(
                            in.tensor(0),
                            in.ids(1),
                            scaled ? in.hostTensor(2) : null,
                            options(hiddenSize, scaled, experts, out),
                            in.allocator());
        }
    }

    /** moe_topk. */
    public record Topk(TopkOptions options) implements BatchOperator {
        private static final StructType TYPE = new StructType()
                .add("topk_ids", DataTypes.createArrayType(DataTypes.IntegerType, false), false)
                .add("topk_weights", DataTypes.createArrayType(DataTypes.FloatType, false), false);

        @Override
        public DataType resultType() {
            return TYPE;
        }

        @Override
        public List<InputKind> inputs() {
            return List.of(InputKind.Tensor.activations("router_logits", options.numExperts()));
        }

        @Override
        public long maxResultBytes(long[] lengths, int[] widths) {
            return options.maxResultBytes(lengths[0], 0);
        }

        @Override
        public ResultColumn run(BatchInputs in) {
            TopkResult r = in.backend().reorder().topk(in.tensor(0), options, in.allocator());
            StructColumn column = new StructColumn(
                    TYPE, List.of(ListColumn.of(r.topkIds()), ListColumn.floats(r.topkWeights(), null)), in.nulls());
            long bytes = 8L * r.topkIds().totalElements() + 8L * (r.topkIds().rows() + 1L);
            return new ResultColumn(column, IdCounts.NONE, bytes, r);
        }
    }

    private static List<InputKind> withScales(String name, boolean scaled, InputKind... inputs) {
        List<InputKind> all = new ArrayList<>(List.of(inputs));
        if (scaled) {
            all.add(InputKind.Tensor.floats(name, true));
        }
        return all;
    }
}
