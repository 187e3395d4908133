package io.sparkmoe.spark.functions;

import io.sparkmoe.core.routing.MalformedRoutingException;
import io.sparkmoe.spark.exec.IdOperator;
import io.sparkmoe.spark.exec.RowEvaluator;
import io.sparkmoe.spark.interop.Scala;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.analysis.TypeCheckResult;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.types.DataType;
import org.jspecify.annotations.Nullable;
import scala.collection.immutable.IndexedSeq;
import scala.collection.immutable.Seq;

/**
 * A function of expert ids. Planning lifts it into a batch node wherever it can; {@link #eval} answers row by row
 * everywhere else. The id column is the first argument and is never cast: a cast would lose the columnar path and the
 * narrow type, and with ANSI off wrap 4294967298 to expert 2.
 */
public final class IdFunction extends MoeExpression {
    private static final long serialVersionUID = 1L;

    private final boolean positional;
    private transient @Nullable IdOperator operator;

    public IdFunction(String name, Seq<Expression> arguments, boolean positional) {
        super(name, arguments);
        this.positional = positional;
    }

    static IdFunction of(Arguments a) {
        return new IdFunction(a.spec().name(), Scala.seq(a.expressions()), a.positional());
    }

    /** The id column. */
    public Expression ids() {
        return data();
    }

    /** The function with its constants applied. */
    public IdOperator operator() {
        if (operator == null) {
            operator = IdFunctions.operator(prettyName(), constants());
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
            Checks.ids(ids().dataType());
            constants().checkFoldable();
            operator();
        });
    }

    @Override
    public @Nullable Object eval(InternalRow input) {
        Object value = ids().eval(input);
        if (value == null) {
            return null;
        }
        try {
            return RowEvaluator.evaluate(operator(), ids().dataType(), value);
        } catch (MalformedRoutingException e) {
            MalformedRoutingException named = new MalformedRoutingException(
                    e.row(), e.position(), sql() + ", evaluated alone: " + e.getMessage() + hint());
            named.initCause(e);
            throw named;
        }
    }

    @Override
    public DataType dataType() {
        return operator().resultType();
    }

    @Override
    public Expression withNewChildrenInternal(IndexedSeq<Expression> children) {
        return new IdFunction(prettyName(), children, positional);
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
