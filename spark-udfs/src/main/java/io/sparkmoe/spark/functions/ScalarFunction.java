package io.sparkmoe.spark.functions;

import io.sparkmoe.spark.interop.Scala;
import java.util.List;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.analysis.TypeCheckResult;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.types.DataType;
import org.jspecify.annotations.Nullable;
import scala.collection.immutable.IndexedSeq;
import scala.collection.immutable.Seq;

/** A function of small values, evaluated row by row. */
public final class ScalarFunction extends MoeExpression {
    private static final long serialVersionUID = 1L;

    private transient ScalarFunctions.@Nullable Body body;

    public ScalarFunction(String name, Seq<Expression> arguments) {
        super(name, arguments);
    }

    static ScalarFunction of(Arguments a) {
        return new ScalarFunction(a.spec().name(), Scala.seq(a.expressions()));
    }

    private ScalarFunctions.Body body() {
        if (body == null) {
            Constants constants = constants();
            constants.checkFoldable();
            body = ScalarFunctions.body(prettyName(), children().apply(0).dataType(), constants);
        }
        return body;
    }

    @Override
    public TypeCheckResult checkInputDataTypes() {
        return Checks.of(this::body);
    }

    @Override
    public @Nullable Object eval(InternalRow input) {
        List<Integer> positions = dataPositions();
        Object[] values = new Object[positions.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = children().apply(positions.get(i)).eval(input);
            if (values[i] == null) {
                return null;
            }
        }
        return body().apply(values);
    }

    @Override
    public DataType dataType() {
        return body().resultType();
    }

    @Override
    public Expression withNewChildrenInternal(IndexedSeq<Expression> children) {
        return new ScalarFunction(prettyName(), children);
    }

    @Override
    public int productArity() {
        return 2;
    }

    @Override
    public Object productElement(int n) {
        return n == 0 ? prettyName() : children();
    }
}
