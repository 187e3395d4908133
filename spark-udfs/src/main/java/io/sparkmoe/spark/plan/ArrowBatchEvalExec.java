package io.sparkmoe.spark.plan;

import io.sparkmoe.spark.exec.BatchEvaluator;
import io.sparkmoe.spark.exec.Call;
import io.sparkmoe.spark.exec.InputRef;
import io.sparkmoe.spark.exec.RowSlice;
import io.sparkmoe.spark.functions.BatchFunction;
import io.sparkmoe.spark.interop.Scala;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.rdd.RDD;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.Alias;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.AttributeSet;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.GetStructField;
import org.apache.spark.sql.catalyst.expressions.NamedExpression;
import org.apache.spark.sql.catalyst.expressions.SortOrder;
import org.apache.spark.sql.catalyst.plans.physical.Partitioning;
import org.apache.spark.sql.execution.SparkPlan;
import org.apache.spark.sql.types.StructType;
import scala.collection.immutable.Seq;

/**
 * Physical node of {@link ArrowBatchEval}: columnar in and out when the child is columnar, rows in and out otherwise.
 * Nodes over one another hand their results up as columns either way.
 */
public final class ArrowBatchEvalExec extends BatchNode {
    private final Seq<Expression> functions;
    private final Seq<Attribute> results;
    private final Seq<NamedExpression> passed;

    /** @param passed the child's columns that go on, as they are or under another name */
    public ArrowBatchEvalExec(
            Seq<Expression> functions, Seq<Attribute> results, Seq<NamedExpression> passed, SparkPlan child) {
        super(child);
        this.functions = functions;
        this.results = results;
        this.passed = passed;
    }

    @Override
    public Seq<Attribute> output() {
        List<Attribute> columns =
                Scala.list(passed).stream().map(NamedExpression::toAttribute).collect(Collectors.toList());
        return Scala.concat(Scala.seq(columns), results);
    }

    @Override
    public AttributeSet producedAttributes() {
        return Scala.attributeSet(results);
    }

    @Override
    public Partitioning outputPartitioning() {
        return child().outputPartitioning();
    }

    @Override
    public Seq<SortOrder> outputOrdering() {
        return child().outputOrdering();
    }

    @Override
    BatchEvaluator evaluator() {
        return new BatchEvaluator(
                Scala.list(functions).stream().map(f -> call((BatchFunction) f)).collect(Collectors.toList()),
                child().output().size(),
                Scala.list(passed).stream()
                        .mapToInt(p -> ordinal(p instanceof Alias a ? a.child() : (Expression) p))
                        .toArray(),
                types(output()),
                moeConf(),
                moeMetrics());
    }

    private Call call(BatchFunction f) {
        return new Call(
                f.operator(), f.inputs().stream().map(this::input).collect(Collectors.toList()), f.sql(), f.hint());
    }

    private InputRef input(Expression e) {
        if (e.foldable()) {
            return new InputRef.Constant(e.eval(InternalRow.empty()), e.dataType());
        }
        List<InputRef.Field> path = new ArrayList<>();
        Expression at = e;
        while (at instanceof GetStructField g) {
            path.add(0, new InputRef.Field(g.ordinal(), ((StructType) g.child().dataType()).size()));
            at = g.child();
        }
        return new InputRef.Column(ordinal(at), path, e.dataType());
    }

    @Override
    public RDD<InternalRow> doExecute() {
        return supportsColumnar()
                ? super.doExecute()
                : rowSlices().mapPartitions(evaluator()::unsliced, true).rdd();
    }

    /** The rows in slices; of batch nodes over one another only the lowest buffers rows. */
    private JavaRDD<RowSlice> rowSlices() {
        BatchEvaluator evaluator = evaluator();
        return child() instanceof ArrowBatchEvalExec below
                ? below.rowSlices().mapPartitions(evaluator::overSlices, true)
                : child().execute().toJavaRDD().mapPartitions(evaluator::overRows, true);
    }

    @Override
    public SparkPlan withNewChildInternal(SparkPlan newChild) {
        return new ArrowBatchEvalExec(functions, results, passed, newChild);
    }

    @Override
    public String verboseStringWithOperatorId() {
        return formatted("Functions", functions, results);
    }

    @Override
    public int productArity() {
        return 4;
    }

    @Override
    public Object productElement(int n) {
        return switch (n) {
            case 0 -> functions;
            case 1 -> results;
            case 2 -> passed;
            default -> child();
        };
    }

    @Override
    public boolean canEqual(Object o) {
        return o instanceof ArrowBatchEvalExec;
    }
}
