package io.sparkmoe.spark.plan;

import io.sparkmoe.spark.interop.Scala;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.AttributeSet;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.UnaryNode;
import scala.collection.immutable.IndexedSeq;
import scala.collection.immutable.Seq;

/** Logical node: the child's output, then one result a {@code BatchFunction}, whose inputs lie in
 * columns of the child. */
public final class ArrowBatchEval extends LogicalPlan implements UnaryNode {
    private final Seq<Expression> functions;
    private final Seq<Attribute> results;
    private final LogicalPlan child;

    public ArrowBatchEval(Seq<Expression> functions, Seq<Attribute> results, LogicalPlan child) {
        this.functions = functions;
        this.results = results;
        this.child = child;
    }

    Seq<Expression> functions() {
        return functions;
    }

    Seq<Attribute> results() {
        return results;
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
        return Scala.concat(child.output(), results);
    }

    @Override
    public AttributeSet producedAttributes() {
        return Scala.attributeSet(results);
    }

    @Override
    public LogicalPlan withNewChildInternal(LogicalPlan newChild) {
        return new ArrowBatchEval(functions, results, newChild);
    }

    @Override
    public LogicalPlan withNewChildrenInternal(IndexedSeq<LogicalPlan> children) {
        return withNewChildInternal(children.apply(0));
    }

    @Override
    public int productArity() {
        return 3;
    }

    @Override
    public Object productElement(int n) {
        return n == 0 ? functions : n == 1 ? results : child;
    }

    @Override
    public boolean canEqual(Object o) {
        return o instanceof ArrowBatchEval;
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
