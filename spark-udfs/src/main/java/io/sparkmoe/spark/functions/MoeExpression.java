package io.sparkmoe.spark.functions;

import io.sparkmoe.spark.interop.Scala;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.Literal;
import org.apache.spark.sql.catalyst.expressions.codegen.CodegenContext;
import org.apache.spark.sql.catalyst.expressions.codegen.CodegenFallback;
import org.apache.spark.sql.catalyst.expressions.codegen.ExprCode;
import org.apache.spark.sql.types.NullType;
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

    /** Positions of the data arguments that are given; what is left out is an untyped NULL. */
    public final List<Integer> dataPositions() {
        List<Parameter> parameters = FunctionCatalog.get(name).parameters();
        List<Integer> positions = new ArrayList<>();
        for (int i = 0; i < parameters.size(); i++) {
            boolean absent = !parameters.get(i).required() && untypedNull(arguments.apply(i));
            if (parameters.get(i).data() && !absent) {
                positions.add(i);
            }
        }
        return positions;
    }

    /** How an optional argument that is not given looks. */
    static boolean untypedNull(Expression e) {
        return e instanceof Literal l && l.value() == null && l.dataType() instanceof NullType;
    }

    /** The data arguments that are given. */
    public final List<Expression> inputs() {
        List<Expression> inputs = new ArrayList<>();
        dataPositions().forEach(i -> inputs.add(arguments.apply(i)));
        return inputs;
    }

    final Constants constants() {
        return new Constants(FunctionCatalog.get(name).parameters(), Scala.list(arguments));
    }

    @Override
    public boolean nullable() {
        return inputs().stream().anyMatch(Expression::nullable);
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
