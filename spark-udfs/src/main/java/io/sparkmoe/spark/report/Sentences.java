package io.sparkmoe.spark.report;

import io.sparkmoe.spark.report.Findings.BlockSizes;
import io.sparkmoe.spark.report.Findings.ExpertLoad;
import io.sparkmoe.spark.report.Findings.Waste;
import io.sparkmoe.spark.report.PageView.Finding;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;

/** The findings in plain words. */
final class Sentences {
    private Sentences() {}

    static List<Finding> of(ReportModel model, Findings findings, List<AnalysisPart> parts) {
        List<Finding> sentences = new ArrayList<>();
        if (!model.layers().isEmpty() && findings.mostImbalancedLayers().isEmpty()) {
            sentences.add(new Finding("Balance", "No layer has a single id,", "so there is nothing to compare."));
        } else if (!model.layers().isEmpty()) {
            sentences.add(balance(findings));
            sentences.add(
                    hottest(findings.hottestExperts().get(0), model.model().numExperts()));
            sentences.add(idle(findings, model));
        }
        for (BlockSizes sizes : findings.blockSizes()) {
            sentences.add(blockSizes(sizes));
        }
        parts.forEach(part -> sentences.add(part.finding()));
        sentences.add(input(model.source()));
        sentences.add(audit(model));
        return sentences;
    }

    private static Finding balance(Findings findings) {
        List<ExpertLoad> layers = findings.mostImbalancedLayers();
        ExpertLoad worst = layers.get(0);
        String next = layers.stream()
                .skip(1)
                .limit(2)
                .map(layer -> "layer " + layer.layer() + " (" + Text.times(layer.timesUniform()) + ")")
                .collect(Collectors.joining(" and "));
        double median = Objects.requireNonNull(findings.medianImbalance());
        return new Finding(
                "Balance",
                (layers.size() == 1
                                ? "The busiest expert of layer " + worst.layer() + " carries "
                                : "Layer " + worst.layer() + " is the most imbalanced: its busiest expert carries ")
                        + Text.times(worst.timesUniform()) + " the mean load.",
                next.isEmpty() ? "" : "Next come " + next + "; the middle layer has " + Text.times(median) + ".");
    }

    private static Finding hottest(ExpertLoad hottest, int experts) {
        return new Finding(
                "Hottest expert",
                "Expert " + hottest.expert() + " of layer " + hottest.layer() + " takes "
                        + Text.percent(hottest.share()) + " of that layer's ids",
                "(" + Text.count(hottest.count()) + "); an equal share would be " + Text.percent(1.0 / experts) + ".");
    }

    private static Finding idle(Findings findings, ReportModel model) {
        long layers = model.layers().stream().filter(layer -> layer.ids() > 0).count();
        long all = layers * model.model().numExperts();
        return findings.idleExperts() == 0
                ? new Finding("Idle experts", "Every expert was chosen at least once", "in every layer that has ids.")
                : new Finding(
                        "Idle experts",
                        Text.count(findings.idleExperts()) + " of " + Text.plural(all, "expert")
                                + (findings.idleExperts() == 1 ? " was" : " were") + " never chosen,",
                        "counted over " + Text.plural(layers, "layer") + ".");
    }

    private static Finding blockSizes(BlockSizes sizes) {
        List<Waste> all = sizes.byBlockSize();
        Waste smallest = all.get(0);
        Waste largest = all.get(all.size() - 1);
        String rest = all.stream()
                .limit(all.size() - 1)
                .skip(1)
                .map(waste -> Text.percent(waste.waste()) + " at " + waste.blockSize())
                .collect(Collectors.joining(", "));
        return new Finding(
                "Padding, " + Text.visible(sizes.phase(), 20),
                "At " + Text.plural(sizes.tokensPerPass(), "token") + " a pass, " + wastes(smallest) + " of the slots"
                        + (all.size() == 1 ? "." : " and " + wastes(largest) + "."),
                (rest.isEmpty() ? "" : "In between: " + rest + ". ") + "Passes are replayed.");
    }

    private static String wastes(Waste waste) {
        return "block size " + waste.blockSize() + " wastes " + Text.percent(waste.waste());
    }

    private static Finding input(ReportModel.Source source) {
        String cached = source.cachedTokens() == 0
                ? ""
                : "; " + Text.plural(source.cachedTokens(), "cached token")
                        + (source.cachedExcluded() ? " left out" : " included");
        return new Finding(
                "Input",
                Text.plural(source.tokens(), "token") + " of " + Text.plural(source.sequences(), "sequence")
                        + " were read",
                "from " + Text.plural(source.files(), "file") + " (" + Text.bytes(source.bytes()) + "): "
                        + Text.count(source.prefillTokens()) + " prefill, " + Text.count(source.decodeTokens())
                        + " decode" + cached + ". " + Text.plural(source.ids(), "id") + ", of which "
                        + Text.count(source.maskedIds()) + " masked.");
    }

    private static Finding audit(ReportModel model) {
        String aside = model.source().quarantined() == 0
                ? "No record was put aside."
                : Text.plural(model.source().quarantined(), "record") + " put aside as unusable.";
        List<ReportModel.AuditLine> odd =
                model.audit().stream().filter(ReportModel.AuditLine::isOdd).toList();
        if (odd.isEmpty()) {
            return new Finding("Audit", "The audit found nothing wrong.", aside);
        }
        long sources =
                odd.stream().map(ReportModel.AuditLine::source).distinct().count();
        return new Finding(
                "Audit",
                "The audit has " + Text.plural(odd.size(), "remark") + " on " + Text.plural(sources, "source") + ".",
                aside);
    }
}
