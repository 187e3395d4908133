package io.sparkmoe.spark.plan;

import io.sparkmoe.spark.MoeConf;
import io.sparkmoe.spark.exec.MoeMetrics;
import io.sparkmoe.spark.exec.PartitionEvaluator;
import io.sparkmoe.spark.interop.Scala;
import org.apache.spark.rdd.RDD;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.BoundReference;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.execution.SparkPlan;
import org.apache.spark.sql.execution.UnaryExecNode;
import org.apache.spark.sql.execution.metric.SQLMetric;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.vectorized.ColumnarBatch;
import org.jspecify.annotations.Nullable;
import scala.collection.immutable.IndexedSeq;
import scala.collection.immutable.Map;
import scala.collection.immutable.Seq;

/** What the two physical nodes share: columnar when the child is, the metrics, the configuration read at planning. */
abstract class BatchNode extends SparkPlan implements UnaryExecNode {
    private final SparkPlan child;
    private @Nullable MoeMetrics metrics;

    BatchNode(SparkPlan child) {
        this.child = child;
    }

    @Override
    public SparkPlan child() {
        return child;
    }

    @Override
    public Seq<SparkPlan> children() {
        return Scala.seq(child);
    }

    @Override
    public boolean supportsColumnar() {
        return child.supportsColumnar();
    }

    synchronized MoeMetrics moeMetrics() {
        if (metrics == null) {
            metrics = new MoeMetrics(sparkContext());
        }
        return metrics;
    }

    @Override
    public Map<String, SQLMetric> metrics() {
        return Scala.map(moeMetrics().with(IdScans.metrics(child)));
    }

    /** What runs over each partition; made on the driver, once an execution. */
    abstract PartitionEvaluator evaluator();

    @Override
    public RDD<ColumnarBatch> doExecuteColumnar() {
        PartitionEvaluator evaluator = evaluator();
        return child.executeColumnar()
                .toJavaRDD()
                .mapPartitions(evaluator::columnar, true)
                .rdd();
    }

    @Override
    public RDD<InternalRow> doExecute() {
        PartitionEvaluator evaluator = evaluator();
        return supportsColumnar()
                ? executeColumnar()
                        .toJavaRDD()
                        .mapPartitions(evaluator::toRows, true)
                        .rdd()
                : child.execute()
                        .toJavaRDD()
                        .mapPartitions(evaluator::rows, true)
                        .rdd();
    }

    MoeConf moeConf() {
        return MoeConf.read((key, fallback) -> conf().getConfString(key, fallback));
    }

    /** Ordinal of an attribute in the child's output. */
    int ordinal(Expression attribute) {
        return ((BoundReference) Scala.<Expression>bind(attribute, child.output())).ordinal();
    }

    static DataType[] types(Seq<? extends Expression> expressions) {
        return Scala.list(expressions).stream().map(Expression::dataType).toArray(DataType[]::new);
    }

    /** The lines of explain("formatted"). */
    String formatted(String what, Seq<Expression> functions, Seq<Attribute> results) {
        MoeConf conf = moeConf();
        return formattedNodeName() + "\n"
                + "Input: " + Scala.list(child.output()) + "\n"
                + what + ": " + Scala.list(functions) + "\n"
                + "Results: " + Scala.list(results) + "\n"
                + "Input path: " + (supportsColumnar() ? "columnar" : "rows") + "\n"
                + "Requested backend: " + conf.backend().name().toLowerCase(java.util.Locale.ROOT)
                + (conf.strict() ? " (strict)" : "") + "\n"
                + "Batch bound: " + conf.maxBytes() + " bytes\n\n";
    }

    @Override
    public SparkPlan withNewChildrenInternal(IndexedSeq<SparkPlan> children) {
        return withNewChildInternal(children.apply(0));
    }

    @Override
    public boolean equals(Object o) {
        return Scala.sameProduct(this, o);
    }

    @Override
    public int hashCode() {
        return super.hashCode();
    }
}
