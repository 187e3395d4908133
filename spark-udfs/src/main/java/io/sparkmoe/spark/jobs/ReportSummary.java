package io.sparkmoe.spark.jobs;

import io.sparkmoe.spark.report.ReportModel;
import java.io.PrintWriter;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Objects;

/** The report in a dozen lines for the terminal. */
final class ReportSummary {
    private static final int LAYERS_SHOWN = 3;

    private final PrintWriter out;

    ReportSummary(PrintWriter out) {
        this.out = out;
    }

    /** Prints what there is: lines of analyses that were not asked for are left out. */
    void print(ReportModel model, List<Analysis.Line> lines) {
        ReportModel.Source s = model.source();
        line(
                "Read",
                Words.count(s.files()) + (s.files() == 1 ? " file, " : " files, ") + Words.bytes(s.bytes()) + ": "
                        + Words.count(s.sequences()) + " sequences, " + Words.count(s.tokens()) + " tokens ("
                        + Words.count(s.prefillTokens()) + " prefill, " + Words.count(s.decodeTokens()) + " decode"
                        + (s.cachedTokens() == 0
                                ? ""
                                : "; " + Words.count(s.cachedTokens()) + " of them cached"
                                        + (s.cachedExcluded() ? ", left out" : ""))
                        + ")");
        line(
                "Model",
                model.model().moeLayers().size() + " MoE layers, "
                        + model.model().numExperts()
                        + " experts, top-" + model.model().topk() + ", " + Words.count(s.ids()) + " expert ids"
                        + (s.maskedIds() == 0 ? "" : ", " + Words.count(s.maskedIds()) + " of them masked"));
        imbalance(model);
        hottest(model);
        padding(model, "prefill");
        padding(model, "decode");
        padding(model, "recorded");
        lines.forEach(l -> line(l.name(), l.value()));
        audit(model);
    }

    /** Where the result is. */
    void paths(String page, String summary, String tables) {
        out.println();
        line("Page", page);
        line("Numbers", summary);
        line("Tables", tables);
        out.flush();
    }

    private void line(String name, String value) {
        out.printf(Locale.ROOT, "%-10s %s%n", name, value);
    }

    private void imbalance(ReportModel model) {
        List<ReportModel.Layer> worst = model.layers().stream()
                .filter(l -> l.metrics().get("imbalance_max_mean") != null)
                .sorted(Comparator.comparingDouble((ReportModel.Layer l) ->
                                Objects.requireNonNull(l.metrics().get("imbalance_max_mean")))
                        .reversed())
                .toList();
        if (worst.isEmpty()) {
            return;
        }
        StringBuilder text = new StringBuilder();
        for (ReportModel.Layer l : worst.subList(0, Math.min(LAYERS_SHOWN, worst.size()))) {
            text.append(String.format(
                    Locale.ROOT,
                    "%slayer %d: %.2f",
                    text.isEmpty() ? "" : ", ",
                    l.layer(),
                    l.metrics().get("imbalance_max_mean")));
        }
        Double mean = model.overall().get("mean_imbalance_max_mean");
        line(
                "Imbalance",
                text + " (hottest expert over mean"
                        + (mean == null ? "" : String.format(Locale.ROOT, "; mean of layers %.2f", mean)) + ")");
    }

    private void hottest(ReportModel model) {
        ReportModel.Layer best = null;
        int expert = 0;
        double share = -1;
        for (ReportModel.Layer l : model.layers()) {
            long sum = Arrays.stream(l.counts()).sum();
            for (int e = 0; sum > 0 && e < l.counts().length; e++) {
                if ((double) l.counts()[e] / sum > share) {
                    best = l;
                    expert = e;
                    share = (double) l.counts()[e] / sum;
                }
            }
        }
        if (best != null) {
            line(
                    "Hottest",
                    "expert " + expert + " of layer " + best.layer() + ": " + Words.percent(share)
                            + " of its ids, an even share is "
                            + Words.percent(1.0 / model.model().numExperts()));
        }
    }

    /** Waste by tokens a pass, at the smallest and the largest block size. */
    private void padding(ReportModel model, String phase) {
        List<ReportModel.Padding> lines = model.padding().stream()
                .filter(p -> p.layer() == null && p.phase().equals(phase) && p.slots() > 0)
                .toList();
        if (lines.isEmpty()) {
            return;
        }
        int small =
                lines.stream().mapToInt(ReportModel.Padding::blockSize).min().orElseThrow();
        StringBuilder text = new StringBuilder();
        for (ReportModel.Padding p : lines) {
            if (p.blockSize() == small) {
                text.append(text.isEmpty() ? "" : ", ")
                        .append(p.tokensPerPass() == 0 ? "" : p.tokensPerPass() + " tokens: ")
                        .append(Words.percent(1 - (double) p.used() / p.slots()));
            }
        }
        line(
                "Padding",
                phase + " passes" + (phase.equals("recorded") ? "" : " (replayed)") + ", block size " + small + ": "
                        + text + " of the slots are empty");
    }

    private void audit(ReportModel model) {
        long quarantined = model.source().quarantined();
        long kinds = model.audit().stream()
                .filter(ReportModel.AuditLine::isOdd)
                .map(ReportModel.AuditLine::reason)
                .distinct()
                .count();
        line(
                "Audit",
                (quarantined == 0 ? "every row was used" : Words.count(quarantined) + " rows put aside")
                        + (kinds == 0 ? ", nothing odd found" : "; " + kinds + " kinds of findings, see the page"));
    }
}
