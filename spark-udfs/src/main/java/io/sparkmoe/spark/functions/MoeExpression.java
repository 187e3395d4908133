package io.sparkmoe.spark.functions;

import io.sparkmoe.spark.interop.Scala;
import java.io.Serializable;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.codegen.CodegenContext;
import org.apache.spark.sql.catalyst.expressions.codegen.CodegenFallback;
import org.apache.spark.sql.catalyst.expressions.codegen.ExprCode;
import scala.collection.immutable.Seq;

/**
 * What our scalar expressions share: a name, the arguments in the order of the parameters, NULL for NULL. Subclasses are products
 * of their constructor's arguments, the name and the arguments first.
 */
abstract class MoeExpression extends Expression implements CodegenFallback, Serializable {
    private static final long serialVersionUID = 1L;

    private final String name;
    private final Seq<Expression> arguments;

    MoeExpression(String name, Seq<Expression> arguments) {
        this.name = name;
        this.arguments = arguments;
    }

    /** The first argument, a data column. */
    final Expression data() {
        return arguments.apply(0);
    }

    final Constants constants() {
        return new Constants(FunctionCatalog.get(name).parameters(), Scala.list(arguments));
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
    public boolean canEqual(Object o) {
        return getClass().isInstance(o);
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
