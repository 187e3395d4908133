package io.sparkmoe.spark.jobs;

import io.sparkmoe.spark.jobs.compare.CompareOptions;
import io.sparkmoe.spark.jobs.compare.Comparison;
import io.sparkmoe.spark.jobs.compare.RoutingComparison;
import io.sparkmoe.spark.jobs.compare.Side;
import io.sparkmoe.spark.jobs.rows.TraceColumn;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine.Mixin;

/** A comparison of two routings of the same sequences: of two inputs, or of parts of one. */
abstract class CompareVerb extends AnalysisVerb {
    /** Values to name when one was asked for that is not there. */
    private static final int VALUES_SHOWN = 20;

    @Mixin
    InputOptions input = new InputOptions();

    @Mixin
    PairOptions pair = new PairOptions();

    @Override
    void check() {
        pair.check(this, input);
        super.check();
    }

    @Override
    Analysis analyse(SparkSession spark, Progress progress) {
        return pair.sides() ? sides(spark, progress) : parts(spark, progress);
    }

    private Analysis sides(SparkSession spark, Progress progress) {
        UsableTrace left = open(spark, input.of(pair.left()), pair.leftKey(), progress);
        UsableTrace right = open(spark, input.of(pair.right()), pair.rightKey(), progress);
        requireOneModel(left, right);
        List<String> inputs =
                Stream.concat(pair.left().stream(), pair.right().stream()).toList();
        Analysis found = new Analysis(List.of(left, right), new Analysis.Names(inputs, modelName()));
        ComparisonReport report = new ComparisonReport(spec.name(), found);
        Comparison c = compare(left, left.rows(), right.rows(), progress);
        report.add(String.join(", ", pair.left()), String.join(", ", pair.right()), c);
        report.end();
        return found;
    }

    private Analysis parts(SparkSession spark, Progress progress) {
        UsableTrace trace = open(spark, input, pair.leftKey(), progress);
        Analysis found = new Analysis(List.of(trace), new Analysis.Names(input.input(), modelName()));
        ComparisonReport report = new ComparisonReport(spec.name(), found);
        List<Dataset<Row>> parts = new ArrayList<>();
        for (String value : pair.values()) {
            parts.add(trace.rows().where(TraceColumn.of(pair.column()).equalTo(value)));
        }
        requireParts(trace, parts);
        int last = parts.size() - 1;
        for (int i = 0; i < last; i++) {
            Comparison c = compare(trace, parts.get(i), parts.get(last), progress);
            report.add(pair.values().get(i), pair.values().get(last), c);
        }
        report.end();
        return found;
    }

    /** Opens and audits one recording, a sample drawn by the comparison's key so that both sides draw alike. */
    UsableTrace open(SparkSession spark, InputOptions from, List<String> key, Progress progress) {
        return rows.unordered(spark, from, Side.drawnBy(key), UnaryOperator.identity(), progress);
    }

    String modelName() {
        return input.modelConfig() == null ? "" : input.modelConfig();
    }

    private static void requireOneModel(UsableTrace left, UsableTrace right) {
        if (left.topk() != right.topk()) {
            throw new UserError("the two sides have different topk, left " + left.topk() + ", right " + right.topk()
                    + ": sets of different sizes are not compared. Check --topk and --model-config, or take recordings of one "
                    + "model.");
        }
        if (left.numExperts() != right.numExperts()) {
            throw new UserError("the two sides have different num_experts, left " + left.numExperts() + ", right "
                    + right.numExperts()
                    + ". Check --num-experts and --model-config, or take recordings of one model.");
        }
    }

    private void requireParts(UsableTrace trace, List<Dataset<Row>> parts) {
        for (int i = 0; i < parts.size(); i++) {
            if (parts.get(i).isEmpty()) {
                String found = trace
                        .rows()
                        .select(TraceColumn.of(pair.column()))
                        .distinct()
                        .limit(VALUES_SHOWN)
                        .collectAsList()
                        .stream()
                        .map(row -> String.valueOf(row.get(0)))
                        .sorted()
                        .collect(Collectors.joining(", "));
                throw new UserError("no usable row has " + pair.column() + " = "
                        + pair.values().get(i) + "; there are: " + found
                        + ". --compare takes a column of the trace table or an attribute, and its values.");
            }
        }
    }

    private Comparison compare(UsableTrace of, Dataset<Row> left, Dataset<Row> right, Progress progress) {
        Comparison found = progress.step(
                "Comparing the routings",
                () -> RoutingComparison.run(
                        new Side(left, pair.leftKey()),
                        new Side(right, pair.rightKey()),
                        new CompareOptions(of.numExperts(), of.topk()),
                        Backends.source(of.trace().spark())));
        if (found.pairs() == 0) {
            String why = found.leftOut().stream()
                    .map(l -> l.reason() + " " + Words.count(l.sequences()) + " sequences, " + Words.count(l.tokens())
                            + " tokens")
                    .collect(Collectors.joining("; "));
            throw new UserError("no token of the two routings could be compared"
                    + (why.isEmpty() ? " (masked on either side)" : ": " + why)
                    + ". Check --left-key and --right-key (now " + String.join(",", pair.leftKey()) + " and "
                    + String.join(",", pair.rightKey()) + "): both must name the same sequences alike.");
        }
        return found;
    }
}
