package io.sparkmoe.spark.functions;

import io.sparkmoe.spark.exec.BatchOperator;
import io.sparkmoe.spark.exec.Call;
import io.sparkmoe.spark.exec.InputRef;
import io.sparkmoe.spark.exec.RowEvaluator;
import io.sparkmoe.spark.interop.Scala;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.analysis.TypeCheckResult;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.types.DataType;
import org.jspecify.annotations.Nullable;
import scala.collection.immutable.IndexedSeq;
import scala.collection.immutable.Seq;

/**
 * A function of whole lists: expert ids, tensors. Planning lifts it into a batch node wherever it can; {@link #eval}
 * answers row by row everywhere else. Data columns are never cast: a cast would lose the columnar path and the narrow
 * type, and with ANSI off wrap 4294967298 to expert 2. NULL in any of them gives NULL.
 */
public final class BatchFunction extends MoeExpression {
    private static final long serialVersionUID = 1L;

    private final boolean positional;
    private transient @Nullable BatchOperator operator;

    public BatchFunction(String name, Seq<Expression> arguments, boolean positional) {
        super(name, arguments);
        this.positional = positional;
    }

    static BatchFunction of(Arguments a) {
        return new BatchFunction(a.spec().name(), Scala.seq(a.expressions()), a.positional());
    }

    /** The function with its constants applied. */
    public BatchOperator operator() {
        if (operator == null) {
            BatchOperator ofTensors = TensorFunctions.operator(prettyName(), constants());
            operator = ofTensors == null ? IdFunctions.operator(prettyName(), constants()) : ofTensors;
        }
        return operator;
    }

    /** What to add to a complaint about an id: numbers given by position may have been swapped. */
    public String hint() {
        if (!positional) {
            return "";
        }
        int experts = constants().integer("num_experts");
        int block = constants().integer("block_size");
        return block <= experts
                ? ""
                : String.format(
                        " num_experts (%d) is below block_size (%d) and both were given by position: are they swapped? "
                                + "Write num_experts => %d, block_size => %d.",
                        experts, block, block, experts);
    }

    @Override
    public TypeCheckResult checkInputDataTypes() {
        return Checks.of(() -> {
            for (int i : dataPositions()) {
                Checks.data(
                        FunctionCatalog.get(prettyName()).parameters().get(i).name(),
                        children().apply(i).dataType());
            }
            constants().checkFoldable();
            operator();
        });
    }

    @Override
    public @Nullable Object eval(InternalRow input) {
        List<InputRef.Constant> values = new ArrayList<>();
        for (Expression e : inputs()) {
            Object value = e.eval(input);
            if (value == null) {
                return null;
            }
            values.add(new InputRef.Constant(value, e.dataType()));
        }
        try {
            return RowEvaluator.evaluate(operator(), values);
        } catch (IllegalArgumentException e) {
            throw Call.named(sql() + ", evaluated alone", e, hint());
        }
    }

    @Override
    public DataType dataType() {
        return operator().resultType();
    }

    @Override
    public Expression withNewChildrenInternal(IndexedSeq<Expression> children) {
        return new BatchFunction(prettyName(), children, positional);
    }

    @Override
    public int productArity() {
        return 3;
    }

    @Override
    public Object productElement(int n) {
        return n == 0 ? prettyName() : n == 1 ? children() : (Object) positional;
    }
}
