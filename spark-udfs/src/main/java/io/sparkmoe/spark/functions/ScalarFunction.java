package io.sparkmoe.spark.functions;

import io.sparkmoe.spark.interop.Scala;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.analysis.TypeCheckResult;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.codegen.CodegenContext;
import org.apache.spark.sql.catalyst.expressions.codegen.CodegenFallback;
import org.apache.spark.sql.catalyst.expressions.codegen.ExprCode;
import org.apache.spark.sql.types.DataType;
import org.jspecify.annotations.Nullable;
import scala.collection.immutable.IndexedSeq;
import scala.collection.immutable.Seq;

/** A function of one small value, evaluated row by row; the first argument is the data, the others are constants. */
public final class ScalarFunction extends Expression implements CodegenFallback, java.io.Serializable {
    private static final long serialVersionUID = 1L;

    private final String name;
    private final Seq<Expression> arguments;
    private transient ScalarFunctions.@Nullable Body body;

    public ScalarFunction(String name, Seq<Expression> arguments) {
        this.name = name;
        this.arguments = arguments;
    }

    static ScalarFunction of(Arguments a) {
        return new ScalarFunction(a.spec().name(), Scala.seq(a.expressions()));
    }

    private Expression data() {
        return arguments.apply(0);
    }

    private ScalarFunctions.Body body() {
        if (body == null) {
            Constants constants = new Constants(FunctionCatalog.get(name).parameters(), Scala.list(arguments));
            constants.checkFoldable();
            body = ScalarFunctions.body(name, data().dataType(), constants);
        }
        return body;
    }

    @Override
    public TypeCheckResult checkInputDataTypes() {
        return Checks.of(this::body);
    }

    @Override
    public @Nullable Object eval(InternalRow input) {
        Object value = data().eval(input);
        return value == null ? null : body().apply(value);
    }

    @Override
    public DataType dataType() {
        return body().resultType();
    }

    @Override
    public boolean nullable() {
        return data().nullable();
    }

    @Override
    public Seq<Expression> children() {
        return arguments;
    }

    @Override
    public Expression withNewChildrenInternal(IndexedSeq<Expression> children) {
        return new ScalarFunction(name, children);
    }

    @Override
    public String prettyName() {
        return name;
    }

    @Override
    public String nodeName() {
        return name;
    }

    @Override
    public String toString() {
        return name + arguments.mkString("(", ", ", ")");
    }

    @Override
    public ExprCode doGenCode(CodegenContext ctx, ExprCode ev) {
        return CodegenFallback.super.doGenCode(ctx, ev);
    }

    @Override
    public int productArity() {
        return 2;
    }

    @Override
    public Object productElement(int n) {
        return n == 0 ? name : arguments;
    }

    @Override
    public boolean canEqual(Object o) {
        return o instanceof ScalarFunction;
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
