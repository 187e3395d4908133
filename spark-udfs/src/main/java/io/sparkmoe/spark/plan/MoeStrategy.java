package io.sparkmoe.spark.plan;

import io.sparkmoe.spark.interop.Scala;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.NamedExpression;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.Project;
import org.apache.spark.sql.execution.SparkPlan;
import org.apache.spark.sql.execution.SparkStrategy;
import scala.collection.immutable.Seq;

/** Plans the batch nodes. */
public final class MoeStrategy extends SparkStrategy {
    @Override
    public Seq<SparkPlan> apply(LogicalPlan plan) {
        if (plan instanceof ArrowBatchEval n) {
            return Scala.seq(batchEval(n));
        }
        if (plan instanceof MoePartialAggregate n) {
            return Scala.seq(new MoePartialAggregateExec(n.keys(), n.aggregates(), n.partials(), planLater(n.child())));
        }
        return Scala.seq();
    }

    /**
     * Spark puts a projection between two batch nodes to drop columns that nobody needs any more; as a node of its own it
     * would turn columns into rows there. The node above selects columns instead.
     */
    private SparkPlan batchEval(ArrowBatchEval n) {
        if (n.child() instanceof Project p && p.child() instanceof ArrowBatchEval below && Selections.selects(p)) {
            Seq<Expression> functions = Selections.substituted(n.functions(), p);
            return new ArrowBatchEvalExec(functions, n.results(), p.projectList(), planLater(below));
        }
        List<NamedExpression> all = new ArrayList<>(Scala.list(n.child().output()));
        return new ArrowBatchEvalExec(n.functions(), n.results(), Scala.seq(all), planLater(n.child()));
    }
}
