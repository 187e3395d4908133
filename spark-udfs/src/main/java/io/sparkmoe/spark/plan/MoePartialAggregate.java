package io.sparkmoe.spark.plan;

import io.sparkmoe.spark.interop.Scala;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.AttributeSet;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.UnaryNode;
import scala.collection.immutable.IndexedSeq;
import scala.collection.immutable.Seq;

/** Logical node: per task and group, one binary partial an aggregate. Keys and ids are child attributes. */
public final class MoePartialAggregate extends LogicalPlan implements UnaryNode {
    private final Seq<Attribute> keys;
    private final Seq<Expression> aggregates;
    private final Seq<Attribute> partials;
    private final LogicalPlan child;

    public MoePartialAggregate(
            Seq<Attribute> keys, Seq<Expression> aggregates, Seq<Attribute> partials, LogicalPlan child) {
        this.keys = keys;
        this.aggregates = aggregates;
        this.partials = partials;
        this.child = child;
    }

    Seq<Attribute> keys() {
        return keys;
    }

    Seq<Expression> aggregates() {
        return aggregates;
    }

    Seq<Attribute> partials() {
        return partials;
    }

    @Override
    public LogicalPlan child() {
        return child;
    }

    @Override
    public Seq<LogicalPlan> children() {
        return Scala.seq(child);
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
    public LogicalPlan withNewChildInternal(LogicalPlan newChild) {
        return new MoePartialAggregate(keys, aggregates, partials, newChild);
    }

    @Override
    public LogicalPlan withNewChildrenInternal(IndexedSeq<LogicalPlan> children) {
        return withNewChildInternal(children.apply(0));
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
            default -> child;
        };
    }

    @Override
    public boolean canEqual(Object o) {
        return o instanceof MoePartialAggregate;
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
