package io.sparkmoe.spark.report;

import io.sparkmoe.spark.report.PageView.Entry;
import io.sparkmoe.spark.report.PageView.Inlined;
import io.sparkmoe.spark.report.PageView.Tile;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Makes the page's texts from the model. Foreign text is bounded here, so that no input can make the page large. */
final class PageViews {
    private static final int NAME_LIMIT = 120;
    private static final int COMMAND_LIMIT = 2_000;
    private static final int SHOWN_INPUTS = 20;

    private PageViews() {}

    static PageView of(ReportModel model, Map<String, String> definitions) {
        Findings findings = Findings.of(model);
        List<AnalysisPart> parts = AnalysisParts.of(model);
        boolean layered = !findings.mostImbalancedLayers().isEmpty();
        return new PageView(
                name(model),
                subtitle(model),
                Sentences.of(model, findings, parts),
                tiles(model, findings),
                layered,
                PageData.phases(model.padding().stream().filter(p -> p.slots() > 0)),
                paddingLayers(model),
                Tables.hottest(findings),
                Tables.layers(model, definitions),
                Tables.overall(model, definitions),
                Tables.padding(model),
                Tables.audit(model),
                AnalysisParts.view(model, parts),
                definitions(definitions, parts),
                run(model),
                Assets.notices(),
                inlined(model, parts));
    }

    private static Inlined inlined(ReportModel model, List<AnalysisPart> parts) {
        String style = Assets.style();
        String echarts = Assets.echarts();
        String script = Assets.script();
        return new Inlined(Assets.policy(style, echarts, script), style, echarts, script, PageData.of(model, parts));
    }

    private static String name(ReportModel model) {
        String name = model.model().name();
        return name.isBlank() ? "Unnamed model" : Text.visible(name, NAME_LIMIT);
    }

    private static String subtitle(ReportModel model) {
        ReportModel.Model facts = model.model();
        return Text.plural(facts.numExperts(), "expert") + " a layer, top-" + facts.topk() + ", "
                + Text.plural(facts.moeLayers().size(), "MoE layer")
                + (facts.moeLayers().isEmpty() ? "" : " (" + Text.ranges(facts.moeLayers()) + ")")
                + (facts.epSize() == null ? "" : ", " + Text.plural(facts.epSize(), "expert-parallel rank"));
    }

    private static List<Tile> tiles(ReportModel model, Findings findings) {
        ReportModel.Source source = model.source();
        List<Tile> tiles = new ArrayList<>();
        tiles.add(new Tile(
                "tokens",
                "Tokens",
                Text.shortCount(source.tokens()),
                Text.shortCount(source.prefillTokens()) + " prefill, " + Text.shortCount(source.decodeTokens())
                        + " decode"));
        tiles.add(new Tile(
                "sequences", "Sequences", Text.shortCount(source.sequences()), Text.plural(source.files(), "file")));
        if (!findings.hottestExperts().isEmpty()) {
            Findings.ExpertLoad hottest = findings.hottestExperts().get(0);
            tiles.add(new Tile(
                    "imbalance", "Worst max / mean", Text.times(hottest.timesUniform()), "layer " + hottest.layer()));
            tiles.add(new Tile(
                    "hottest",
                    "Hottest expert",
                    Text.percent(hottest.share()),
                    "of its layer's ids, expert " + hottest.expert() + " of layer " + hottest.layer()));
        }
        for (Findings.BlockSizes sizes : findings.blockSizes()) {
            Findings.Waste shown = sizes.typical();
            tiles.add(new Tile(
                    "waste-" + sizes.phase(),
                    "Waste at " + sizes.phase(),
                    Text.percent(shown.waste()),
                    "block size " + shown.blockSize() + ", " + Text.plural(sizes.tokensPerPass(), "token")
                            + " a pass"));
        }
        return tiles;
    }

    private static List<Integer> paddingLayers(ReportModel model) {
        return model.padding().size() > PageData.MAX_PADDING
                ? List.of()
                : model.padding().stream()
                        .map(ReportModel.Padding::layer)
                        .filter(Objects::nonNull)
                        .distinct()
                        .sorted()
                        .toList();
    }

    private static List<Entry> definitions(Map<String, String> given, List<AnalysisPart> parts) {
        List<Entry> entries = new ArrayList<>();
        entries.add(new Entry("count", "Ids that name the expert in the layer. Masked ids (-1) are left out."));
        entries.add(new Entry("share", "count / sum of the layer's counts."));
        entries.add(new Entry(
                "times_uniform", "share * num_experts: 1 when every expert of the layer is chosen equally often."));
        entries.add(
                new Entry(
                        "waste",
                        "1 - used / slots. Each active expert's ids are padded to whole blocks of block_size slots, as"
                                + " moe_align_block_size of vLLM and SGLang does; used counts ids, slots counts ids and padding."));
        given.forEach((name, text) -> entries.add(new Entry(name, text)));
        parts.stream()
                .map(AnalysisPart::analysis)
                .distinct()
                .forEach(analysis -> entries.addAll(AnalysisDefinitions.of(analysis)));
        return entries;
    }

    private static List<Entry> run(ReportModel model) {
        ReportModel.Run run = model.run();
        List<Entry> entries = new ArrayList<>();
        entries.add(new Entry("Command", Text.visible(run.command(), COMMAND_LIMIT)));
        entries.add(new Entry("Inputs", inputs(model.source().inputs())));
        entries.add(new Entry("Recorder", Text.visible(model.source().recorder(), NAME_LIMIT)));
        entries.add(new Entry("Backend", Text.visible(run.backend(), COMMAND_LIMIT)));
        String versions = "Spark MoE " + run.sparkMoeVersion() + ", Apache Spark " + run.sparkVersion() + ", Java "
                + run.javaVersion();
        entries.add(new Entry("Versions", Text.visible(versions, COMMAND_LIMIT)));
        entries.add(
                new Entry("Made", Text.visible(run.createdAt(), NAME_LIMIT) + ", in " + Text.seconds(run.seconds())));
        return entries;
    }

    private static String inputs(List<String> inputs) {
        String shown = inputs.stream()
                .limit(SHOWN_INPUTS)
                .map(input -> Text.visible(input, 2 * NAME_LIMIT))
                .reduce((a, b) -> a + "\n" + b)
                .orElse("none");
        return inputs.size() > SHOWN_INPUTS
                ? shown + "\nand " + Text.count(inputs.size() - SHOWN_INPUTS) + " more"
                : shown;
    }
}
