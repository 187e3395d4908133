package io.sparkmoe.spark.plan;

import io.sparkmoe.spark.interop.Scala;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.execution.SparkPlan;
import org.apache.spark.sql.execution.SparkStrategy;
import scala.collection.immutable.Seq;

/** Plans the batch nodes. */
public final class MoeStrategy extends SparkStrategy {
    @Override
    public Seq<SparkPlan> apply(LogicalPlan plan) {
        if (plan instanceof ArrowBatchEval n) {
            return Scala.seq(new ArrowBatchEvalExec(n.functions(), n.results(), planLater(n.child())));
        }
        if (plan instanceof MoePartialAggregate n) {
            return Scala.seq(new MoePartialAggregateExec(n.keys(), n.aggregates(), n.partials(), planLater(n.child())));
        }
        return Scala.seq();
    }
}
