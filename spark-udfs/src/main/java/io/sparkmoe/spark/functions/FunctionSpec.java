package io.sparkmoe.spark.functions;

import io.sparkmoe.spark.interop.Scala;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apache.spark.sql.catalyst.FunctionIdentifier;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.ExpressionInfo;
import scala.Function1;
import scala.Tuple3;
import scala.collection.immutable.Seq;

/**
 * A SQL function: its name, parameters, documentation and how to build its expression from bound arguments.
 *
 * @param builder from arguments in the order of the parameters, every optional one filled in
 */
public record FunctionSpec(
        String name,
        List<Parameter> parameters,
        FunctionDoc doc,
        String since,
        Function<Arguments, Expression> builder) {
    FunctionSpec(String name, List<Parameter> parameters, FunctionDoc doc, Function<Arguments, Expression> builder) {
        this(name, parameters, doc, "0.1.0", builder);
    }

    /** As SparkSessionExtensions takes it. */
    Tuple3<FunctionIdentifier, ExpressionInfo, Function1<Seq<Expression>, Expression>> injection() {
        return new Tuple3<>(
                new FunctionIdentifier(name),
                info(),
                args -> builder.apply(ArgumentBinder.bind(this, Scala.list(args))));
    }

    /** {@code name(a, b [, c => default])}. */
    public String signature() {
        StringBuilder s = new StringBuilder(name).append('(');
        for (int i = 0; i < parameters.size(); i++) {
            Parameter p = parameters.get(i);
            String sep = i == 0 ? "" : ", ";
            s.append(p.required() ? sep + p.name() : " [" + sep.trim() + " " + p.name() + fallbackText(p) + "]");
        }
        return s.append(')').toString();
    }

    private static String fallbackText(Parameter p) {
        return p.fallback() == null ? "" : " => " + (p.fallback() instanceof String t ? "'" + t + "'" : p.fallback());
    }

    private ExpressionInfo info() {
        String arguments = parameters.stream()
                .map(p -> "      * " + p.name() + " - " + p.doc() + "\n")
                .collect(Collectors.joining("", "\n    Arguments:\n", "  "));
        String examples = "\n    Examples:\n      > " + doc.example() + ";\n       "
                + doc.result().replace("\n", "\n       ") + "\n  ";
        return new ExpressionInfo(
                FunctionSpec.class.getName(),
                null,
                name,
                "_FUNC_" + signature().substring(name.length()) + " - " + doc.summary() + " Returns " + doc.returns(),
                arguments,
                examples,
                "",
                "",
                since,
                "",
                "scala_udf");
    }
}
