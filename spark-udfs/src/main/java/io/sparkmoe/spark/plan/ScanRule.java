package io.sparkmoe.spark.plan;

import io.sparkmoe.spark.MoeConf;
import io.sparkmoe.spark.functions.BatchFunction;
import io.sparkmoe.spark.functions.SumAggregate;
import io.sparkmoe.spark.interop.Scala;
import io.sparkmoe.spark.scan.IdParquetFormat;
import io.sparkmoe.spark.scan.ScanMetrics;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.spark.sql.catalyst.expressions.Alias;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.ExprId;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.Union;
import org.apache.spark.sql.execution.datasources.HadoopFsRelation;
import org.apache.spark.sql.execution.datasources.LogicalRelation;
import org.apache.spark.sql.execution.datasources.parquet.ParquetFileFormat;
import org.apache.spark.sql.internal.SQLConf;

/**
 * Has the Parquet columns that our functions read decoded by our scan: swaps the format of relations that are exactly
 * Spark's Parquet (table formats with readers of their own keep them). A column is followed through renaming and unions.
 */
final class ScanRule {
    private ScanRule() {}

    static LogicalPlan apply(LogicalPlan plan) {
        return MoeConf.scan(SQLConf.get()::getConfString) ? down(plan, new HashSet<>()) : plan;
    }

    private static LogicalPlan down(LogicalPlan plan, Set<ExprId> wanted) {
        if (plan instanceof LogicalRelation relation) {
            return swapped(relation, wanted);
        }
        for (Expression e : Scala.list(plan.expressions())) {
            collect(e, wanted);
        }
        // Innermost names come last: as often as names are given in one node, its aliases may hide each other.
        for (Expression e : Scala.list(plan.expressions())) {
            follow(e, wanted);
        }
        List<LogicalPlan> children = Scala.list(plan.children()).stream()
                .map(child -> down(child, below(plan, child, wanted)))
                .collect(Collectors.toList());
        return children.equals(Scala.list(plan.children()))
                ? plan
                : (LogicalPlan) plan.withNewChildren(Scala.seq(children));
    }

    private static void collect(Expression e, Set<ExprId> wanted) {
        if (e instanceof BatchFunction f) {
            f.inputs().forEach(input -> add(input, wanted));
        } else if (e instanceof SumAggregate s) {
            s.inputs().forEach(input -> add(input, wanted));
        }
        Scala.list(e.children()).forEach(c -> collect(c, wanted));
    }

    private static void follow(Expression e, Set<ExprId> wanted) {
        if (e instanceof Alias alias && wanted.contains(alias.exprId())) {
            add(alias.child(), wanted);
        }
    }

    private static void add(Expression ids, Set<ExprId> wanted) {
        if (ids instanceof Attribute a) {
            wanted.add(a.exprId());
        }
    }

    /** What is wanted of a child: a union's columns are known by the first child's names. */
    private static Set<ExprId> below(LogicalPlan plan, LogicalPlan child, Set<ExprId> wanted) {
        Set<ExprId> all = new HashSet<>(wanted);
        if (plan instanceof Union) {
            for (int i = 0; i < plan.output().size(); i++) {
                if (wanted.contains(plan.output().apply(i).exprId())) {
                    all.add(child.output().apply(i).exprId());
                }
            }
        }
        return all;
    }

    private static LogicalPlan swapped(LogicalRelation relation, Set<ExprId> wanted) {
        Set<String> columns = Scala.list(relation.output()).stream()
                .filter(a -> wanted.contains(a.exprId()) && IdParquetFormat.takes(a.dataType()))
                .map(Attribute::name)
                .collect(Collectors.toSet());
        if (columns.isEmpty()
                || !(relation.relation() instanceof HadoopFsRelation files)
                || files.fileFormat().getClass() != ParquetFileFormat.class) {
            return relation;
        }
        IdParquetFormat format = new IdParquetFormat(
                columns, new ScanMetrics(files.sparkSession().sparkContext()));
        return relation.copy(
                new HadoopFsRelation(
                        files.location(),
                        files.partitionSchema(),
                        files.dataSchema(),
                        files.bucketSpec(),
                        format,
                        files.options(),
                        files.sparkSession()),
                relation.output(),
                relation.catalogTable(),
                relation.isStreaming(),
                relation.stream());
    }
}
