package io.sparkmoe.spark.functions;

import io.sparkmoe.spark.exec.RowInputs;
import io.sparkmoe.spark.exec.SumInput;
import io.sparkmoe.spark.exec.SumOperator;
import io.sparkmoe.spark.exec.Totals;
import io.sparkmoe.spark.interop.Scala;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.analysis.TypeCheckResult;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.Literal$;
import org.apache.spark.sql.catalyst.expressions.aggregate.ImperativeAggregate;
import org.apache.spark.sql.catalyst.expressions.aggregate.TypedImperativeAggregate;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.NullType;
import org.jspecify.annotations.Nullable;
import scala.collection.immutable.IndexedSeq;
import scala.collection.immutable.Seq;

/**
 * An aggregate whose state are sums. It is right wherever an aggregate may stand (DISTINCT, FILTER, windows);
 * where a rule finds the common shape, a batch-wise partial node feeds it partials instead of rows ({@code merging}).
 */
public final class SumAggregate extends TypedImperativeAggregate<Totals> implements java.io.Serializable {
    private static final long serialVersionUID = 1L;

    private final String name;
    private final Seq<Expression> arguments;
    private final boolean merging;
    private final int mutableOffset;
    private final int inputOffset;
    private transient @Nullable SumOperator operator;
    private transient @Nullable List<Expression> columns;
    private transient @Nullable List<DataType> columnTypes;

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

    /** The data columns in the operator's order; when merging, the column of partials alone. */
    public List<Expression> inputs() {
        if (merging) {
            return List.of(arguments.apply(0));
        }
        List<Expression> found = new ArrayList<>();
        places().forEach(i -> found.add(arguments.apply(i)));
        return found;
    }

    /** Where the data columns stand among the arguments; an optional one that was not given is none. */
    private List<Integer> places() {
        List<Parameter> parameters = FunctionCatalog.get(name).parameters();
        List<Integer> places = new ArrayList<>();
        for (int i = 0; i < parameters.size(); i++) {
            boolean given = parameters.get(i).required() || !(arguments.apply(i).dataType() instanceof NullType);
            if (parameters.get(i).data() && given) {
                places.add(i);
            }
        }
        return places;
    }

    /** The same aggregate over other data columns. */
    public SumAggregate over(List<? extends Expression> columns) {
        List<Expression> args = new ArrayList<>(Scala.list(arguments));
        List<Integer> places = places();
        for (int i = 0; i < places.size(); i++) {
            args.set(places.get(i), columns.get(i));
        }
        return new SumAggregate(name, Scala.seq(args), merging, mutableOffset, inputOffset);
    }

    /** Whether this already reads partials. */
    public boolean merging() {
        return merging;
    }

    /** The same aggregate over partials of the batch-wise node. */
    public SumAggregate overPartials(Expression partials) {
        List<Expression> args = new ArrayList<>(Scala.list(arguments));
        places().forEach(i -> args.set(i, Literal$.MODULE$.apply(null)));
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
                checkColumns();
            }
            operator();
        });
    }

    private void checkColumns() {
        List<Parameter> parameters = FunctionCatalog.get(name).parameters();
        List<Integer> places = places();
        List<SumInput> kinds = operator().inputs();
        for (int i = 0; i < places.size(); i++) {
            String column = parameters.get(places.get(i)).name();
            Checks.input(kinds.get(i), column, arguments.apply(places.get(i)).dataType());
        }
    }

    @Override
    public Totals createAggregationBuffer() {
        return operator().totals();
    }

    @Override
    public Totals update(Totals totals, InternalRow input) {
        if (merging) {
            Object partial = arguments.apply(0).eval(input);
            if (partial != null) {
                totals.add((byte[]) partial);
            }
            return totals;
        }
        Object[] values = new Object[columns().size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = columns().get(i).eval(input);
            if (values[i] == null) {
                return totals;
            }
        }
        operator().update(totals, RowInputs.read(operator(), columnTypes(), values));
        return totals;
    }

    private List<Expression> columns() {
        if (columns == null) {
            columns = inputs();
        }
        return columns;
    }

    private List<DataType> columnTypes() {
        if (columnTypes == null) {
            columnTypes = columns().stream().map(Expression::dataType).collect(Collectors.toList());
        }
        return columnTypes;
    }

    @Override
    public Totals merge(Totals totals, Totals other) {
        totals.add(other);
        return totals;
    }

    @Override
    public Object eval(Totals totals) {
        return operator().result(totals);
    }

    @Override
    public byte[] serialize(Totals totals) {
        return totals.write();
    }

    @Override
    public Totals deserialize(byte[] bytes) {
        Totals totals = createAggregationBuffer();
        totals.add(bytes);
        return totals;
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
