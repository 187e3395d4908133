package io.sparkmoe.spark.interop;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.apache.spark.QueryContext;
import org.apache.spark.sql.AnalysisException;
import org.apache.spark.sql.catalyst.expressions.Alias;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.AttributeReference;
import org.apache.spark.sql.catalyst.expressions.AttributeSet;
import org.apache.spark.sql.catalyst.expressions.BindReferences;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.NamedExpression;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.Metadata;
import scala.Option;
import scala.PartialFunction;
import scala.Product;
import scala.collection.immutable.Seq;
import scala.jdk.javaapi.CollectionConverters;
import scala.runtime.AbstractPartialFunction;

/** What Java needs to speak with Spark's Scala API; the one place for it. */
public final class Scala {
    private Scala() {}

    @SafeVarargs
    @SuppressWarnings("varargs")
    public static <T> Seq<T> seq(T... items) {
        return seq(List.of(items));
    }

    public static <T> Seq<T> seq(List<? extends T> items) {
        return CollectionConverters.<T>asScala(new ArrayList<T>(items)).toSeq();
    }

    public static <T> List<T> list(scala.collection.Seq<T> items) {
        return CollectionConverters.asJava(items);
    }

    /** The items of one sequence, then those of the other. */
    public static <T> Seq<T> concat(Seq<? extends T> first, Seq<? extends T> second) {
        List<T> all = new ArrayList<>(list(first));
        all.addAll(list(second));
        return seq(all);
    }

    public static <K, V> scala.collection.immutable.Map<K, V> map(Map<K, V> entries) {
        return scala.collection.immutable.Map.from(CollectionConverters.asScala(entries));
    }

    /** A total function as the partial one that Catalyst's transform methods take. */
    public static <T> PartialFunction<T, T> rewrite(UnaryOperator<T> function) {
        return new AbstractPartialFunction<>() {
            @Override
            public boolean isDefinedAt(T x) {
                return true;
            }

            @Override
            public T apply(T x) {
                return function.apply(x);
            }
        };
    }

    /** A fresh attribute. */
    public static AttributeReference attribute(String name, DataType type, boolean nullable) {
        return new AttributeReference(name, type, nullable, Metadata.empty(), NamedExpression.newExprId(), seq());
    }

    /** An expression under a name, as a projection takes it. */
    public static Alias alias(Expression e, String name) {
        return new Alias(e, name, NamedExpression.newExprId(), seq(), Option.empty(), seq());
    }

    /** Binds an expression's attributes to ordinals of an input; (the name of AttributeSeq cannot be written in Java). */
    @SuppressWarnings("unchecked")
    public static <T extends Expression> T bind(T expression, Seq<Attribute> input) {
        return (T) BindReferences.bindReference(
                (Expression) expression,
                org.apache.spark.sql.catalyst.expressions.package$.MODULE$.AttributeSeq(input),
                false);
    }

    /** Equality of two products of one class, as scalac generates it for case classes. */
    public static boolean sameProduct(Product a, Object b) {
        if (a == b) {
            return true;
        }
        if (!(b instanceof Product other) || a.getClass() != b.getClass()) {
            return false;
        }
        for (int i = 0; i < a.productArity(); i++) {
            if (!Objects.equals(a.productElement(i), other.productElement(i))) {
                return false;
            }
        }
        return true;
    }

    /** Items as the Iterable of Expression that AttributeSet takes. */
    public static AttributeSet attributeSet(Seq<Attribute> attributes) {
        return AttributeSet.apply(Scala.<Expression>seq(
                list(attributes).stream().map(a -> (Expression) a).collect(Collectors.toList())));
    }

    /**
     * Throws an AnalysisException in our own words. It is a checked exception, which Spark's Scala knows nothing of; the
     * return type lets callers write {@code throw}.
     */
    public static RuntimeException analysisError(String message) {
        return sneaky(new AnalysisException(
                message,
                Option.empty(),
                Option.empty(),
                Option.empty(),
                Option.empty(),
                map(Map.of()),
                new QueryContext[0]));
    }

    @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"})
    private static <T extends Throwable> RuntimeException sneaky(Throwable t) throws T {
        throw (T) t;
    }
}
