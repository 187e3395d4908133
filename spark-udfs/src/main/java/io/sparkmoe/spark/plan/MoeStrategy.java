package io.sparkmoe.spark.plan;

import io.sparkmoe.spark.interop.Scala;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.AttributeSet;
import org.apache.spark.sql.catalyst.expressions.NamedExpression;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.Project;
import org.apache.spark.sql.execution.ProjectExec;
import org.apache.spark.sql.execution.SparkPlan;
import org.apache.spark.sql.execution.SparkStrategy;
import scala.collection.immutable.Seq;

/** Plans the batch nodes. */
public final class MoeStrategy extends SparkStrategy {
    @Override
    public Seq<SparkPlan> apply(LogicalPlan plan) {
        if (plan instanceof ArrowBatchEval n) {
            return Scala.seq(batchEval(n, passed -> true));
        }
        if (plan instanceof Project p && p.child() instanceof ArrowBatchEval n) {
            AttributeSet read = p.references();
            return Scala.seq(new ProjectExec(p.projectList(), batchEval(n, read::contains)));
        }
        if (plan instanceof MoePartialAggregate n) {
            return Scala.seq(new MoePartialAggregateExec(n.keys(), n.aggregates(), n.partials(), planLater(n.child())));
        }
        return Scala.seq();
    }

    /**
     * Spark puts a projection between two batch nodes to drop columns that nobody needs any more; as a node of its own it
     * would turn columns into rows there. The node above selects columns instead. Columns that are not read above are not
     * passed on, where a row would have to be made of them: a tensor would come from the device for nothing.
     */
    private SparkPlan batchEval(ArrowBatchEval n, Predicate<Attribute> read) {
        Project between = n.child() instanceof Project p && p.child() instanceof ArrowBatchEval && Selections.selects(p)
                ? p
                : null;
        List<NamedExpression> columns = between == null
                ? new ArrayList<>(Scala.list(n.child().output()))
                : new ArrayList<>(Scala.list(between.projectList()));
        columns.removeIf(c -> !read.test(c.toAttribute()));
        return new ArrowBatchEvalExec(
                between == null ? n.functions() : Selections.substituted(n.functions(), between),
                n.results(),
                Scala.seq(columns),
                planLater(between == null ? n.child() : between.child()));
    }
}
