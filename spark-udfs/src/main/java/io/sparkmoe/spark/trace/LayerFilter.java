package io.sparkmoe.spark.trace;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntPredicate;
import org.apache.spark.sql.sources.And;
import org.apache.spark.sql.sources.EqualNullSafe;
import org.apache.spark.sql.sources.EqualTo;
import org.apache.spark.sql.sources.Filter;
import org.apache.spark.sql.sources.GreaterThan;
import org.apache.spark.sql.sources.GreaterThanOrEqual;
import org.apache.spark.sql.sources.In;
import org.apache.spark.sql.sources.IsNotNull;
import org.apache.spark.sql.sources.LessThan;
import org.apache.spark.sql.sources.LessThanOrEqual;
import org.apache.spark.sql.sources.Not;
import org.apache.spark.sql.sources.Or;
import org.jspecify.annotations.Nullable;

/**
 * The filters that speak of the layer alone. The reader evaluates them itself and Spark does not again: a marked bad row
 * has no layer, and Spark's evaluation would hide it.
 */
final class LayerFilter {
    private final List<Filter> taken = new ArrayList<>();
    private final List<Filter> left = new ArrayList<>();
    private IntPredicate test = layer -> true;

    LayerFilter(Filter... filters) {
        for (Filter filter : filters) {
            IntPredicate one = predicate(filter);
            if (one == null) {
                left.add(filter);
            } else {
                taken.add(filter);
                test = test.and(one);
            }
        }
    }

    /** The filters evaluated here. */
    Filter[] taken() {
        return taken.toArray(Filter[]::new);
    }

    /** The filters that Spark has to evaluate. */
    Filter[] left() {
        return left.toArray(Filter[]::new);
    }

    boolean test(int layer) {
        return test.test(layer);
    }

    LayerList select(LayerList layers) {
        return LayerList.of(Arrays.stream(layers.toArray()).filter(test).toArray());
    }

    private static @Nullable IntPredicate predicate(Filter filter) {
        if (!Arrays.stream(filter.references()).allMatch(TraceSchema.LAYER::equals)) {
            return null;
        }
        if (filter instanceof And and) {
            return both(predicate(and.left()), predicate(and.right()), true);
        }
        if (filter instanceof Or or) {
            return both(predicate(or.left()), predicate(or.right()), false);
        }
        if (filter instanceof Not not) {
            IntPredicate inner = predicate(not.child());
            return inner == null ? null : inner.negate();
        }
        return filter instanceof IsNotNull ? layer -> true : comparison(filter);
    }

    private static @Nullable IntPredicate both(@Nullable IntPredicate a, @Nullable IntPredicate b, boolean and) {
        return a == null || b == null ? null : and ? a.and(b) : a.or(b);
    }

    private static @Nullable IntPredicate comparison(Filter filter) {
        if (filter instanceof EqualTo f && f.value() instanceof Integer v) {
            return layer -> layer == v;
        }
        if (filter instanceof EqualNullSafe f && f.value() instanceof Integer v) {
            return layer -> layer == v;
        }
        if (filter instanceof GreaterThan f && f.value() instanceof Integer v) {
            return layer -> layer > v;
        }
        if (filter instanceof GreaterThanOrEqual f && f.value() instanceof Integer v) {
            return layer -> layer >= v;
        }
        if (filter instanceof LessThan f && f.value() instanceof Integer v) {
            return layer -> layer < v;
        }
        if (filter instanceof LessThanOrEqual f && f.value() instanceof Integer v) {
            return layer -> layer <= v;
        }
        if (filter instanceof In f && Arrays.stream(f.values()).allMatch(Integer.class::isInstance)) {
            List<Object> values = List.of(f.values());
            return values::contains;
        }
        return null;
    }
}
