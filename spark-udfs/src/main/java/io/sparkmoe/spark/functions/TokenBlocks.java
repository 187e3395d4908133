package io.sparkmoe.spark.functions;

import io.sparkmoe.core.routing.IdOptions;
import io.sparkmoe.spark.exec.BlockRows;
import io.sparkmoe.spark.exec.RowIds;
import io.sparkmoe.spark.interop.Scala;
import java.io.Serializable;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.analysis.TypeCheckResult;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.aggregate.ImperativeAggregate;
import org.apache.spark.sql.catalyst.expressions.aggregate.TypedImperativeAggregate;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.NullType;
import org.apache.spark.sql.types.StructType;
import org.jspecify.annotations.Nullable;
import scala.collection.immutable.IndexedSeq;
import scala.collection.immutable.Seq;

/** moe_token_blocks: the rows of a token block's layers side by side. */
public final class TokenBlocks extends TypedImperativeAggregate<BlockRows> implements Serializable {
    private static final long serialVersionUID = 1L;
    private static final String NAME = "moe_token_blocks";
    private static final IdOptions ANY_IDS = IdOptions.of(IdOptions.MAX_EXPERTS);
    private static final DataType INTS = DataTypes.createArrayType(DataTypes.IntegerType, false);
    private static final StructType TYPE =
            new StructType().add("layers", INTS, false).add("topk_ids", DataTypes.createArrayType(INTS, false), false);

    private final Seq<Expression> arguments;
    private final int mutableOffset;
    private final int inputOffset;
    private transient @Nullable Integer topk;

    public TokenBlocks(Seq<Expression> arguments, int mutableOffset, int inputOffset) {
        this.arguments = arguments;
        this.mutableOffset = mutableOffset;
        this.inputOffset = inputOffset;
    }

    static TokenBlocks of(Arguments a) {
        return new TokenBlocks(Scala.seq(a.expressions()), 0, 0);
    }

    private int topk() {
        if (topk == null) {
            Constants constants = new Constants(FunctionCatalog.get(NAME).parameters(), Scala.list(arguments));
            constants.checkFoldable();
            topk = AnalysisFunctions.topk(constants);
        }
        return topk;
    }

    @Override
    public TypeCheckResult checkInputDataTypes() {
        return Checks.of(() -> {
            DataType layer = arguments.apply(0).dataType();
            if (!Constants.integral(layer) && !(layer instanceof NullType)) {
                throw new IllegalArgumentException("layer is an integer; got " + layer.sql());
            }
            Checks.ids(arguments.apply(1).dataType());
            topk();
        });
    }

    @Override
    public BlockRows createAggregationBuffer() {
        return new BlockRows(topk());
    }

    @Override
    public BlockRows update(BlockRows rows, InternalRow input) {
        Object layer = arguments.apply(0).eval(input);
        Object ids = layer == null ? null : arguments.apply(1).eval(input);
        if (ids != null) {
            rows.add(
                    Math.toIntExact(((Number) layer).longValue()),
                    RowIds.read(arguments.apply(1).dataType(), ids, ANY_IDS));
        }
        return rows;
    }

    @Override
    public BlockRows merge(BlockRows rows, BlockRows other) {
        rows.add(other);
        return rows;
    }

    @Override
    public Object eval(BlockRows rows) {
        return rows.result();
    }

    @Override
    public byte[] serialize(BlockRows rows) {
        return rows.write();
    }

    @Override
    public BlockRows deserialize(byte[] bytes) {
        BlockRows rows = createAggregationBuffer();
        rows.add(bytes);
        return rows;
    }

    @Override
    public int mutableAggBufferOffset() {
        return mutableOffset;
    }

    @Override
    public int inputAggBufferOffset() {
        return inputOffset;
    }

    @Override
    public ImperativeAggregate withNewMutableAggBufferOffset(int offset) {
        return new TokenBlocks(arguments, offset, inputOffset);
    }

    @Override
    public ImperativeAggregate withNewInputAggBufferOffset(int offset) {
        return new TokenBlocks(arguments, mutableOffset, offset);
    }

    @Override
    public DataType dataType() {
        return TYPE;
    }

    @Override
    public boolean nullable() {
        return false;
    }

    @Override
    public Seq<Expression> children() {
        return arguments;
    }

    @Override
    public Expression withNewChildrenInternal(IndexedSeq<Expression> children) {
        return new TokenBlocks(children, mutableOffset, inputOffset);
    }

    @Override
    public String prettyName() {
        return NAME;
    }

    @Override
    public int productArity() {
        return 3;
    }

    @Override
    public Object productElement(int n) {
        return n == 0 ? arguments : n == 1 ? (Object) mutableOffset : inputOffset;
    }

    @Override
    public boolean canEqual(Object o) {
        return o instanceof TokenBlocks;
    }

    @Override
    public boolean equals(Object o) {
        return Scala.sameProduct(this, o);
    }

    @Override
    public int hashCode() {
        return super.hashCode();
    }
}
