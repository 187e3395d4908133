package io.sparkmoe.spark.plan;

import io.sparkmoe.spark.functions.SumAggregate;
import io.sparkmoe.spark.interop.Scala;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.catalyst.expressions.Alias;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.NamedExpression;
import org.apache.spark.sql.catalyst.expressions.SubqueryExpression;
import org.apache.spark.sql.catalyst.expressions.aggregate.AggregateExpression;
import org.apache.spark.sql.catalyst.plans.logical.Aggregate;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.Project;
import org.apache.spark.sql.types.AtomicType;
import org.apache.spark.sql.types.DataTypes;

/**
 * Upgrades Aggregate(keys, our aggregates of columns) to a merge over a batch-wise partial node: five times explode +
 * groupBy on token rows, where the row-wise aggregate gives twice. Anything else (DISTINCT, FILTER, other aggregates
 * beside ours, keys that are not atomic) keeps Spark's own path, which gives the same results. Columns that are an
 * expression are computed by a projection below; of keys Spark has seen to that.
 */
final class AggregateRule {
    private AggregateRule() {}

    static LogicalPlan apply(LogicalPlan plan) {
        LogicalPlan p = plan.mapChildren(AggregateRule::apply);
        return p instanceof Aggregate a && applies(a) ? upgraded(a) : p;
    }

    private static boolean applies(Aggregate a) {
        List<AggregateExpression> all = aggregates(a);
        return !all.isEmpty()
                && all.stream().allMatch(AggregateRule::upgradable)
                && Scala.list(a.groupingExpressions()).stream()
                        .allMatch(g -> g instanceof Attribute && g.dataType() instanceof AtomicType);
    }

    private static boolean upgradable(AggregateExpression e) {
        return e.aggregateFunction() instanceof SumAggregate s
                && !s.merging()
                && s.inputs().stream().allMatch(AggregateRule::columnar)
                && !e.isDistinct()
                && e.filter().isEmpty();
    }

    /** A column, or what a projection can make of columns. */
    private static boolean columnar(Expression ids) {
        return ids instanceof Attribute
                || (ids.deterministic() && !ids.references().isEmpty() && !SubqueryExpression.hasSubquery(ids));
    }

    private static List<AggregateExpression> aggregates(Aggregate a) {
        List<AggregateExpression> all = new ArrayList<>();
        Scala.list(a.aggregateExpressions()).forEach(e -> collect((Expression) e, all));
        return all;
    }

    private static void collect(Expression e, List<AggregateExpression> all) {
        if (e instanceof AggregateExpression a) {
            all.add(a);
            return;
        }
        Scala.list(e.children()).forEach(c -> collect(c, all));
    }

    private static LogicalPlan upgraded(Aggregate a) {
        Map<Expression, Attribute> partials = new LinkedHashMap<>();
        Map<Expression, Expression> originals = new LinkedHashMap<>();
        Map<Expression, Alias> computed = new LinkedHashMap<>();
        for (AggregateExpression e : aggregates(a)) {
            SumAggregate s = (SumAggregate) e.aggregateFunction();
            partials.computeIfAbsent(
                    s.canonicalized(), k -> Scala.attribute(s.prettyName() + "_partial", DataTypes.BinaryType, false));
            originals.putIfAbsent(s.canonicalized(), onAttributes(s, computed));
        }
        List<Attribute> keys = new ArrayList<>();
        for (Expression g : Scala.list(a.groupingExpressions())) {
            if (!keys.contains(g)) {
                keys.add((Attribute) g);
            }
        }
        LogicalPlan node = new MoePartialAggregate(
                Scala.seq(keys),
                Scala.seq(new ArrayList<>(originals.values())),
                Scala.seq(new ArrayList<>(partials.values())),
                projected(a.child(), computed));
        return (LogicalPlan) a.withNewChildren(Scala.seq(node)).transformExpressions(Scala.rewrite(e -> {
            Attribute partial = e instanceof SumAggregate s && !s.merging() ? partials.get(s.canonicalized()) : null;
            return partial == null ? e : ((SumAggregate) e).overPartials(partial);
        }));
    }

    /** The aggregate over plain columns; what is no column becomes an alias for the projection below. */
    private static Expression onAttributes(SumAggregate s, Map<Expression, Alias> computed) {
        List<Expression> columns = new ArrayList<>();
        for (Expression input : s.inputs()) {
            columns.add(
                    input instanceof Attribute
                            ? input
                            : computed.computeIfAbsent(input.canonicalized(), k -> Scala.alias(input, "topk_ids"))
                                    .toAttribute());
        }
        return s.over(columns);
    }

    private static LogicalPlan projected(LogicalPlan child, Map<Expression, Alias> computed) {
        if (computed.isEmpty()) {
            return child;
        }
        List<NamedExpression> columns = new ArrayList<>(Scala.list(child.output()));
        columns.addAll(computed.values());
        return new Project(Scala.<NamedExpression>seq(columns), child);
    }
}
