package io.sparkmoe.spark.plan;

import io.sparkmoe.spark.functions.BatchFunction;
import io.sparkmoe.spark.interop.Scala;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.catalyst.expressions.Alias;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.ConditionalExpression;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.GetStructField;
import org.apache.spark.sql.catalyst.expressions.LambdaFunction;
import org.apache.spark.sql.catalyst.expressions.NamedExpression;
import org.apache.spark.sql.catalyst.expressions.SubqueryExpression;
import org.apache.spark.sql.catalyst.expressions.aggregate.AggregateExpression;
import org.apache.spark.sql.catalyst.plans.logical.Aggregate;
import org.apache.spark.sql.catalyst.plans.logical.Expand;
import org.apache.spark.sql.catalyst.plans.logical.Filter;
import org.apache.spark.sql.catalyst.plans.logical.Generate;
import org.apache.spark.sql.catalyst.plans.logical.Join;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.Project;
import org.apache.spark.sql.catalyst.plans.logical.RepartitionByExpression;
import org.apache.spark.sql.catalyst.plans.logical.Sort;
import org.apache.spark.sql.catalyst.plans.logical.Subquery;
import org.apache.spark.sql.catalyst.plans.logical.Window;

/**
 * Lifts batch functions out of an operator's expressions into an {@link ArrowBatchEval} below it, so that each is evaluated
 * once a batch whatever uses the result. What must stay where it is: functions of lambda variables, of both sides of a
 * join, of aggregates, under a branch that a condition guards, and constants (folded by Spark).
 */
final class ExtractRule {
    private ExtractRule() {}

    static LogicalPlan apply(LogicalPlan plan) {
        return plan instanceof Subquery s && s.correlated() ? plan : up(plan);
    }

    private static LogicalPlan up(LogicalPlan plan) {
        LogicalPlan below = plan.mapChildren(ExtractRule::up);
        LogicalPlan here = (LogicalPlan) below.transformExpressions(Scala.rewrite(ExtractRule::inSubquery));
        return here.resolved() && takes(here) ? extract(here) : here;
    }

    /** Subqueries are planned on their own; correlated ones only after Spark has made joins of them. */
    private static Expression inSubquery(Expression e) {
        return e instanceof SubqueryExpression s && !SubqueryExpression.hasCorrelatedSubquery(s)
                ? s.withNewPlan(up(s.plan()))
                : e;
    }

    private static boolean takes(LogicalPlan plan) {
        return plan instanceof Project
                || plan instanceof Filter
                || plan instanceof Aggregate
                || plan instanceof Sort
                || plan instanceof Window
                || plan instanceof Join
                || plan instanceof Generate
                || plan instanceof Expand
                || plan instanceof RepartitionByExpression;
    }

    private static LogicalPlan extract(LogicalPlan plan) {
        List<BatchFunction> found = new ArrayList<>();
        Scala.list(plan.expressions()).forEach(e -> collect(e, found));
        if (found.isEmpty()) {
            return plan;
        }
        Map<Expression, Attribute> lifted = new HashMap<>();
        List<LogicalPlan> children = new ArrayList<>();
        for (LogicalPlan child : Scala.list(plan.children())) {
            children.add(below(child, found, lifted));
        }
        if (lifted.isEmpty()) {
            return plan;
        }
        LogicalPlan above = (LogicalPlan)
                plan.withNewChildren(Scala.seq(children)).transformExpressions(Scala.rewrite(e -> replaced(e, lifted)));
        LogicalPlan done = extract(above);
        return done.output().equals(plan.output())
                ? done
                : new Project(Scala.<NamedExpression>seq(attributes(plan)), done);
    }

    private static List<NamedExpression> attributes(LogicalPlan plan) {
        return new ArrayList<>(Scala.list(plan.output()));
    }

    private static Expression replaced(Expression e, Map<Expression, Attribute> lifted) {
        Attribute result = e instanceof BatchFunction ? lifted.get(e.canonicalized()) : null;
        return result == null ? e : result;
    }

    /** The innermost functions of an expression that a batch node may evaluate. */
    private static void collect(Expression e, List<BatchFunction> found) {
        if (e instanceof LambdaFunction || e instanceof SubqueryExpression) {
            return;
        }
        List<Expression> inside =
                e instanceof ConditionalExpression c ? Scala.list(c.alwaysEvaluatedInputs()) : Scala.list(e.children());
        int before = found.size();
        inside.forEach(child -> collect(child, found));
        if (found.size() == before && e instanceof BatchFunction f && liftable(f)) {
            found.add(f);
        }
    }

    private static boolean liftable(BatchFunction f) {
        return f.resolved()
                && f.deterministic()
                && !f.foldable()
                && !f.references().isEmpty()
                && f.inputs().stream().noneMatch(ExtractRule::has);
    }

    private static boolean has(Expression e) {
        return e instanceof AggregateExpression
                || e instanceof BatchFunction
                || e instanceof SubqueryExpression
                || Scala.list(e.children()).stream().anyMatch(ExtractRule::has);
    }

    /** A child with a batch node on top that evaluates the functions of its columns. */
    private static LogicalPlan below(LogicalPlan child, List<BatchFunction> found, Map<Expression, Attribute> lifted) {
        List<Expression> functions = new ArrayList<>();
        List<Attribute> results = new ArrayList<>();
        List<NamedExpression> arguments = new ArrayList<>();
        for (BatchFunction f : found) {
            if (!f.references().subsetOf(child.outputSet()) || lifted.containsKey(f.canonicalized())) {
                continue;
            }
            Attribute result = Scala.attribute(f.prettyName(), f.dataType(), f.nullable());
            lifted.put(f.canonicalized(), result);
            functions.add(onColumns(f, arguments));
            results.add(result);
        }
        if (functions.isEmpty()) {
            return child;
        }
        LogicalPlan input = child;
        if (!arguments.isEmpty()) {
            List<NamedExpression> columns = attributes(child);
            columns.addAll(arguments);
            input = new Project(Scala.<NamedExpression>seq(columns), child);
        }
        return new ArrowBatchEval(Scala.seq(functions), Scala.seq(results), input);
    }

    /** The function with inputs that lie in columns; anything else is computed by a projection below. */
    private static Expression onColumns(BatchFunction f, List<NamedExpression> arguments) {
        List<Expression> children = new ArrayList<>(Scala.list(f.children()));
        for (int i : f.dataPositions()) {
            if (!inColumn(children.get(i))) {
                Alias alias = Scala.alias(children.get(i), "argument");
                arguments.add(alias);
                children.set(i, alias.toAttribute());
            }
        }
        return f.withNewChildren(Scala.seq(children));
    }

    /** A column, a field inside one, or a constant: what a batch node reads where it lies. */
    static boolean inColumn(Expression e) {
        return e instanceof Attribute || e.foldable() || (e instanceof GetStructField g && inColumn(g.child()));
    }
}
