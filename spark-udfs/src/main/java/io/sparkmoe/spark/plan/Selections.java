package io.sparkmoe.spark.plan;

import io.sparkmoe.spark.functions.BatchFunction;
import io.sparkmoe.spark.interop.Scala;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.spark.sql.catalyst.expressions.Alias;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.ExprId;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.NamedExpression;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.Project;
import scala.collection.immutable.Seq;

/**
 * Projections between two batch nodes. As a node of its own a projection would turn columns into rows there: what it
 * computes goes above both nodes, and what it selects and renames is left to the node above it.
 */
final class Selections {
    private Selections() {}

    /** Whether a projection selects and renames columns and does nothing else. */
    static boolean selects(Project p) {
        return Scala.list(p.projectList()).stream().allMatch(Selections::selects);
    }

    private static boolean selects(NamedExpression e) {
        return e instanceof Attribute || (e instanceof Alias a && a.child() instanceof Attribute);
    }

    /** Expressions over a projection's output as expressions over its child. */
    static Seq<Expression> substituted(Seq<Expression> expressions, Project p) {
        Map<ExprId, Expression> sources = new HashMap<>();
        for (NamedExpression e : Scala.list(p.projectList())) {
            if (e instanceof Alias a) {
                sources.put(a.exprId(), a.child());
            }
        }
        List<Expression> out = new ArrayList<>();
        for (Expression e : Scala.list(expressions)) {
            out.add(e.transform(
                    Scala.rewrite(x -> x instanceof Attribute a ? sources.getOrDefault(a.exprId(), x) : x)));
        }
        return Scala.seq(out);
    }

    /** The node with what a projection below it computes moved above it, where a batch node is under that projection. */
    static LogicalPlan lifted(ArrowBatchEval node) {
        if (!(node.child() instanceof Project p)
                || !(p.child() instanceof ArrowBatchEval)
                || selects(p)
                || !Scala.list(p.projectList()).stream().allMatch(e -> ((Expression) e).deterministic())) {
            return node;
        }
        Seq<Expression> functions = substituted(node.functions(), p);
        if (!Scala.list(functions).stream().allMatch(Selections::readsColumns)) {
            return node;
        }
        List<NamedExpression> columns = new ArrayList<>(Scala.list(p.projectList()));
        columns.addAll(Scala.list(node.results()));
        LogicalPlan inner = new ArrowBatchEval(functions, node.results(), narrowed(p, functions));
        return new Project(Scala.<NamedExpression>seq(columns), inner);
    }

    private static boolean readsColumns(Expression f) {
        return ((BatchFunction) f).inputs().stream().allMatch(ExtractRule::inColumn);
    }

    /** The projection's child with only the columns that the projection or the functions read. */
    private static LogicalPlan narrowed(Project p, Seq<Expression> functions) {
        Set<ExprId> read = new LinkedHashSet<>();
        Scala.list(p.projectList()).forEach(e -> addTo(read, (Expression) e));
        Scala.list(functions).forEach(e -> addTo(read, e));
        List<NamedExpression> columns = new ArrayList<>();
        for (Attribute a : Scala.list(p.child().output())) {
            if (read.contains(a.exprId())) {
                columns.add(a);
            }
        }
        return columns.size() == p.child().output().size()
                ? p.child()
                : new Project(Scala.<NamedExpression>seq(columns), p.child());
    }

    private static void addTo(Set<ExprId> read, Expression e) {
        if (e instanceof Attribute a) {
            read.add(a.exprId());
        }
        Scala.list(e.children()).forEach(c -> addTo(read, c));
    }
}
