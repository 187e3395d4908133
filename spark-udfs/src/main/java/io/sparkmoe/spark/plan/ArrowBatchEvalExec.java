package io.sparkmoe.spark.plan;

import io.sparkmoe.spark.exec.BatchEvaluator;
import io.sparkmoe.spark.exec.Call;
import io.sparkmoe.spark.exec.PartitionEvaluator;
import io.sparkmoe.spark.functions.IdFunction;
import io.sparkmoe.spark.interop.Scala;
import java.util.List;
import java.util.stream.Collectors;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.AttributeSet;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.SortOrder;
import org.apache.spark.sql.catalyst.plans.physical.Partitioning;
import org.apache.spark.sql.execution.SparkPlan;
import org.apache.spark.sql.types.DataType;
import scala.collection.immutable.Seq;

/** Physical node of {@link ArrowBatchEval}: columnar in and out when the child is columnar, rows in and out otherwise. */
public final class ArrowBatchEvalExec extends BatchNode {
    private final Seq<Expression> functions;
    private final Seq<Attribute> results;

    public ArrowBatchEvalExec(Seq<Expression> functions, Seq<Attribute> results, SparkPlan child) {
        super(child);
        this.functions = functions;
        this.results = results;
    }

    @Override
    public Seq<Attribute> output() {
        return Scala.concat(child().output(), results);
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
    PartitionEvaluator evaluator() {
        List<IdFunction> calls =
                Scala.list(functions).stream().map(IdFunction.class::cast).collect(Collectors.toList());
        return new BatchEvaluator(
                calls.stream()
                        .map(f -> new Call(f.operator(), ordinal(f.ids()), f.sql(), f.hint()))
                        .collect(Collectors.toList()),
                calls.stream().map(f -> f.ids().dataType()).toArray(DataType[]::new),
                types(output()),
                moeConf(),
                moeMetrics());
    }

    @Override
    public SparkPlan withNewChildInternal(SparkPlan newChild) {
        return new ArrowBatchEvalExec(functions, results, newChild);
    }

    @Override
    public String verboseStringWithOperatorId() {
        return formatted("Functions", functions, results);
    }

    @Override
    public int productArity() {
        return 3;
    }

    @Override
    public Object productElement(int n) {
        return n == 0 ? functions : n == 1 ? results : child();
    }

    @Override
    public boolean canEqual(Object o) {
        return o instanceof ArrowBatchEvalExec;
    }
}
