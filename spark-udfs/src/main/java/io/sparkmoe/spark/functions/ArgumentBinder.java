package io.sparkmoe.spark.functions;

import io.sparkmoe.spark.interop.Scala;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Collectors;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.Literal$;
import org.apache.spark.sql.catalyst.expressions.NamedArgumentExpression;
import org.jspecify.annotations.Nullable;

/** Puts positional and named arguments of a call in the order of the parameters; Spark leaves that to the builder. */
final class ArgumentBinder {
    private ArgumentBinder() {}

    static Arguments bind(FunctionSpec spec, List<Expression> given) {
        List<Parameter> parameters = spec.parameters();
        List<@Nullable Expression> bound = new ArrayList<>(Collections.nCopies(parameters.size(), null));
        int positional = 0;
        boolean named = false;
        for (Expression argument : given) {
            if (argument instanceof NamedArgumentExpression n) {
                named = true;
                put(spec, bound, indexOf(spec, n.key()), n.value());
            } else if (named) {
                throw error(spec, "a positional argument follows a named one");
            } else if (positional == parameters.size()) {
                throw error(spec, "takes at most " + parameters.size() + " arguments, got " + given.size());
            } else {
                put(spec, bound, positional++, argument);
            }
        }
        return new Arguments(spec, filled(spec, bound), swappable(spec, positional));
    }

    private static boolean swappable(FunctionSpec spec, int positional) {
        for (int i = 0; i < spec.parameters().size(); i++) {
            if (spec.parameters().get(i).name().equals("block_size")) {
                return i < positional;
            }
        }
        return false;
    }

    private static int indexOf(FunctionSpec spec, String name) {
        for (int i = 0; i < spec.parameters().size(); i++) {
            if (spec.parameters().get(i).name().equalsIgnoreCase(name)) {
                return i;
            }
        }
        throw error(
                spec,
                "has no parameter '" + name + "'; it has "
                        + spec.parameters().stream().map(Parameter::name).collect(Collectors.joining(", ")));
    }

    private static void put(FunctionSpec spec, List<@Nullable Expression> bound, int index, Expression value) {
        if (bound.get(index) != null) {
            throw error(spec, "parameter '" + spec.parameters().get(index).name() + "' is given twice");
        }
        bound.set(index, value);
    }

    private static List<Expression> filled(FunctionSpec spec, List<@Nullable Expression> bound) {
        List<Expression> out = new ArrayList<>();
        for (int i = 0; i < bound.size(); i++) {
            Parameter p = spec.parameters().get(i);
            Expression e = bound.get(i);
            if (e == null && p.required()) {
                throw error(spec, "parameter '" + p.name() + "' is missing");
            }
            out.add(e == null ? Literal$.MODULE$.apply(p.fallback()) : e);
        }
        return out;
    }

    private static RuntimeException error(FunctionSpec spec, String what) {
        return Scala.analysisError(spec.name() + ": " + what + ". Usage: " + spec.signature());
    }
}
