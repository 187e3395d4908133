package io.sparkmoe.spark.plan;

import io.sparkmoe.spark.interop.Scala;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.catalyst.expressions.And;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.plans.logical.Filter;
import org.apache.spark.sql.catalyst.plans.logical.LocalLimit;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.Project;

/**
 * Pushes filters and limits below a batch node where they do not use its results, drops results nobody uses, and lifts what
 * is computed between batch nodes above them.
 */
final class PushRule {
    private PushRule() {}

    static LogicalPlan apply(LogicalPlan plan) {
        LogicalPlan p = plan.mapChildren(PushRule::apply);
        if (p instanceof Filter f && f.child() instanceof ArrowBatchEval node) {
            return filter(f, node);
        }
        if (p instanceof LocalLimit l) {
            return (LogicalPlan) l.withNewChildren(Scala.seq(limit(l, l.child())));
        }
        if (p instanceof Project pr && pr.child() instanceof ArrowBatchEval node) {
            return project(pr, node);
        }
        if (p instanceof ArrowBatchEval node) {
            return Selections.lifted(node);
        }
        return p;
    }

    /**
     * The plan under a limit with the limit below its batch nodes too: neither node nor projection changes the row count.
     * Below all of them, not between: there it would turn columns into rows.
     */
    private static LogicalPlan limit(LocalLimit limit, LogicalPlan plan) {
        return evaluates(plan) && !limited(plan) ? lowered(limit, plan) : plan;
    }

    private static LogicalPlan lowered(LocalLimit limit, LogicalPlan plan) {
        if (plan instanceof Project || plan instanceof ArrowBatchEval) {
            LogicalPlan child = plan.children().apply(0);
            LogicalPlan lower = evaluates(child) ? lowered(limit, child) : new LocalLimit(limit.limitExpr(), child);
            return (LogicalPlan) plan.withNewChildren(Scala.seq(lower));
        }
        return plan;
    }

    /** Whether there is a batch node under nothing but projections and batch nodes. */
    private static boolean evaluates(LogicalPlan plan) {
        return plan instanceof ArrowBatchEval || (plan instanceof Project p && evaluates(p.child()));
    }

    private static boolean limited(LogicalPlan plan) {
        return plan instanceof LocalLimit
                || (plan instanceof Project p && limited(p.child()))
                || (plan instanceof ArrowBatchEval n && limited(n.child()));
    }

    private static LogicalPlan filter(Filter filter, ArrowBatchEval node) {
        List<Expression> down = new ArrayList<>();
        List<Expression> stay = new ArrayList<>();
        split(filter.condition(), node, down, stay);
        if (down.isEmpty()) {
            return filter;
        }
        LogicalPlan below = node.withNewChildInternal(new Filter(and(down), node.child()));
        return stay.isEmpty() ? below : new Filter(and(stay), below);
    }

    private static void split(Expression e, ArrowBatchEval node, List<Expression> down, List<Expression> stay) {
        if (e instanceof And a) {
            split(a.left(), node, down, stay);
            split(a.right(), node, down, stay);
        } else if (e.deterministic() && e.references().subsetOf(node.child().outputSet())) {
            down.add(e);
        } else {
            stay.add(e);
        }
    }

    private static Expression and(List<Expression> conditions) {
        return conditions.stream().reduce(And::new).orElseThrow();
    }

    private static LogicalPlan project(Project project, ArrowBatchEval node) {
        List<Expression> functions = new ArrayList<>();
        List<Attribute> results = new ArrayList<>();
        for (int i = 0; i < node.results().size(); i++) {
            if (project.references().contains(node.results().apply(i))) {
                functions.add(node.functions().apply(i));
                results.add(node.results().apply(i));
            }
        }
        if (results.size() == node.results().size()) {
            return project;
        }
        LogicalPlan child = results.isEmpty()
                ? node.child()
                : new ArrowBatchEval(Scala.seq(functions), Scala.seq(results), node.child());
        return (LogicalPlan) project.withNewChildren(Scala.seq(child));
    }
}
