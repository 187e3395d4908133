package io.sparkmoe.spark.plan;

import io.sparkmoe.spark.exec.PartialEvaluator;
import io.sparkmoe.spark.exec.PartitionEvaluator;
import io.sparkmoe.spark.exec.SumCall;
import io.sparkmoe.spark.functions.SumAggregate;
import io.sparkmoe.spark.interop.Scala;
import java.util.List;
import java.util.stream.Collectors;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.AttributeSet;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.execution.SparkPlan;
import scala.collection.immutable.Seq;

/** Physical node of {@link MoePartialAggregate}. */
public final class MoePartialAggregateExec extends BatchNode {
    private final Seq<Attribute> keys;
    private final Seq<Expression> aggregates;
    private final Seq<Attribute> partials;

    public MoePartialAggregateExec(
            Seq<Attribute> keys, Seq<Expression> aggregates, Seq<Attribute> partials, SparkPlan child) {
        super(child);
        this.keys = keys;
        this.aggregates = aggregates;
        this.partials = partials;
    }

    @Override
    public Seq<Attribute> output() {
        return Scala.concat(keys, partials);
    }

    @Override
    public AttributeSet producedAttributes() {
        return Scala.attributeSet(partials);
    }

    @Override
    PartitionEvaluator evaluator() {
        List<SumAggregate> calls =
                Scala.list(aggregates).stream().map(SumAggregate.class::cast).collect(Collectors.toList());
        return new PartialEvaluator(
                calls.stream().map(this::call).collect(Collectors.toList()),
                Scala.list(keys).stream()
                        .map(k -> Scala.<Expression>bind((Expression) k, child().output()))
                        .collect(Collectors.toList()),
                types(output()),
                moeConf(),
                moeMetrics());
    }

    private SumCall call(SumAggregate a) {
        return new SumCall(
                a.operator(),
                a.inputs().stream().map(this::ordinal).collect(Collectors.toList()),
                a.inputs().stream().map(Expression::dataType).collect(Collectors.toList()),
                a.sql());
    }

    @Override
    public SparkPlan withNewChildInternal(SparkPlan newChild) {
        return new MoePartialAggregateExec(keys, aggregates, partials, newChild);
    }

    @Override
    public String verboseStringWithOperatorId() {
        return formatted("Keys: " + Scala.list(keys) + "\nAggregates", aggregates, partials);
    }

    @Override
    public int productArity() {
        return 4;
    }

    @Override
    public Object productElement(int n) {
        return switch (n) {
            case 0 -> keys;
            case 1 -> aggregates;
            case 2 -> partials;
            default -> child();
        };
    }

    @Override
    public boolean canEqual(Object o) {
        return o instanceof MoePartialAggregateExec;
    }
}
