package io.sparkmoe.spark.functions;

import io.sparkmoe.spark.exec.RowIds;
import io.sparkmoe.spark.exec.SumOperator;
import io.sparkmoe.spark.exec.Sums;
import io.sparkmoe.spark.interop.Scala;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.analysis.TypeCheckResult;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.aggregate.ImperativeAggregate;
import org.apache.spark.sql.catalyst.expressions.aggregate.TypedImperativeAggregate;
import org.apache.spark.sql.types.DataType;
import org.jspecify.annotations.Nullable;
import scala.collection.immutable.IndexedSeq;
import scala.collection.immutable.Seq;

/**
 * An aggregate whose state is a row of sums. It is right wherever an aggregate may stand (DISTINCT, FILTER, windows);
 * where a rule finds the common shape, a batch-wise partial node feeds it partials instead of rows ({@code merging}).
 */
public final class SumAggregate extends TypedImperativeAggregate<long[]> implements java.io.Serializable {
    private static final long serialVersionUID = 1L;

    private final String name;
    private final Seq<Expression> arguments;
    private final boolean merging;
    private final int mutableOffset;
    private final int inputOffset;
    private transient @Nullable SumOperator operator;

    public SumAggregate(String name, Seq<Expression> arguments, boolean merging, int mutableOffset, int inputOffset) {
        this.name = name;
        this.arguments = arguments;
        this.merging = merging;
        this.mutableOffset = mutableOffset;
        this.inputOffset = inputOffset;
    }

    static SumAggregate of(Arguments a) {
        return new SumAggregate(a.spec().name(), Scala.seq(a.expressions()), false, 0, 0);
    }

    /** The id column, or the column of partials when merging. */
    public Expression ids() {
        return arguments.apply(0);
    }

    /** Whether this already reads partials. */
    public boolean merging() {
        return merging;
    }

    /** The same aggregate over partials of the batch-wise node. */
    public SumAggregate overPartials(Expression partials) {
        java.util.List<Expression> args = new java.util.ArrayList<>(Scala.list(arguments));
        args.set(0, partials);
        return new SumAggregate(name, Scala.seq(args), true, mutableOffset, inputOffset);
    }

    /** The aggregate with its constants applied. */
    public SumOperator operator() {
        if (operator == null) {
            Constants constants = new Constants(FunctionCatalog.get(name).parameters(), Scala.list(arguments));
            constants.checkFoldable();
            operator = AggregateFunctions.operator(name, constants);
        }
        return operator;
    }

    @Override
    public TypeCheckResult checkInputDataTypes() {
        return Checks.of(() -> {
            if (!merging) {
                Checks.ids(ids().dataType());
            }
            operator();
        });
    }

    @Override
    public long[] createAggregationBuffer() {
        return new long[operator().width()];
    }

    @Override
    public long[] update(long[] sums, InternalRow input) {
        Object value = ids().eval(input);
        if (value != null) {
            if (merging) {
                Sums.addTo((byte[]) value, sums);
            } else {
                operator()
                        .update(
                                sums,
                                RowIds.read(ids().dataType(), value, operator().ids()));
            }
        }
        return sums;
    }

    @Override
    public long[] merge(long[] sums, long[] other) {
        for (int i = 0; i < sums.length; i++) {
            sums[i] += other[i];
        }
        return sums;
    }

    @Override
    public Object eval(long[] sums) {
        return operator().result(sums);
    }

    @Override
    public byte[] serialize(long[] sums) {
        return Sums.write(sums);
    }

    @Override
    public long[] deserialize(byte[] bytes) {
        long[] sums = createAggregationBuffer();
        Sums.addTo(bytes, sums);
        return sums;
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
        return new SumAggregate(name, arguments, merging, offset, inputOffset);
    }

    @Override
    public ImperativeAggregate withNewInputAggBufferOffset(int offset) {
        return new SumAggregate(name, arguments, merging, mutableOffset, offset);
    }

    @Override
    public DataType dataType() {
        return operator().resultType();
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
        return new SumAggregate(name, children, merging, mutableOffset, inputOffset);
    }

    @Override
    public String prettyName() {
        return name;
    }

    @Override
    public int productArity() {
        return 5;
    }

    @Override
    public Object productElement(int n) {
        return switch (n) {
            case 0 -> name;
            case 1 -> arguments;
            case 2 -> merging;
            case 3 -> mutableOffset;
            default -> inputOffset;
        };
    }

    @Override
    public boolean canEqual(Object o) {
        return o instanceof SumAggregate;
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
