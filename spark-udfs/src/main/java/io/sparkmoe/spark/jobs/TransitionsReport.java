package io.sparkmoe.spark.jobs;

import io.sparkmoe.core.analysis.TransitionOptions;
import io.sparkmoe.spark.jobs.scan.ScanResult;
import io.sparkmoe.spark.report.AnalysisModel;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.apache.spark.api.java.JavaRDD;
import scala.Tuple2;

/** Transitions as the page, the table and the terminal show them. */
final class TransitionsReport {
    private TransitionsReport() {}

    static void add(Analysis found, OneRead read, int lag, Progress progress) {
        Map<Integer, ScanResult.Load> load = read.load();
        JavaRDD<Tuple2<Tuple2<Integer, Integer>, long[]>> counts = read.transitions();
        found.table("transitions", MatrixTables.transitions(read.trace().trace().spark(), counts, load));
        List<Tuple2<Integer, Integer>> pairs = progress.step(
                "Listing layer pairs",
                () -> new ArrayList<>(counts.map(t -> t._1()).collect()));
        pairs.sort(Comparator.comparing((Tuple2<Integer, Integer> p) -> p._2() - p._1())
                .thenComparing(p -> p._1()));
        PageMatrices<Tuple2<Integer, Integer>> shown =
                PageMatrices.of(first(pairs, load.size()), read.trace().numExperts());
        Set<Tuple2<Integer, Integer>> chosen = shown.chosen();
        List<AnalysisModel.Transition> flows = new ArrayList<>();
        for (Tuple2<Tuple2<Integer, Integer>, long[]> t : progress.step(
                "Collecting transitions",
                () -> counts.filter(t -> chosen.contains(t._1())).collect())) {
            flows.add(new AnalysisModel.Transition(t._1()._1(), t._1()._2(), t._2()));
        }
        flows.sort(Comparator.comparingInt(AnalysisModel.Transition::fromLayer)
                .thenComparingInt(AnalysisModel.Transition::toLayer));
        found.transitions(flows);
        new PageMatrices<>(shown.chosen(), pairs.size()).note(found, "transitions", "layer pairs");
        irregular(found, read.reads().get(0).irregularBlocks());
        strongest(flows, read.trace().numExperts()).forEach(l -> found.line("Next", l));
        if (lag == TransitionOptions.ALL_PAIRS) {
            found.line("Pairs", Words.count(pairs.size()) + " pairs of layers");
        }
    }

    /** Of all pairs, the nearest layers' alone: as many as there are layers. */
    private static List<Tuple2<Integer, Integer>> first(List<Tuple2<Integer, Integer>> pairs, int layers) {
        return pairs.subList(0, Math.min(pairs.size(), layers));
    }

    private static void irregular(Analysis found, long[] blocks) {
        if (blocks[0] > 0) {
            found.note(
                    "transitions",
                    Words.count(blocks[0]) + " token blocks (" + Words.count(blocks[1])
                            + " tokens) are left out: their layers repeat or have other tokens.");
        }
    }

    private static List<String> strongest(List<AnalysisModel.Transition> flows, int experts) {
        String line = "";
        double best = 0;
        for (AnalysisModel.Transition flow : flows) {
            for (int i = 0; i < experts; i++) {
                long sum = 0;
                int top = i * experts;
                for (int c = i * experts; c < (i + 1) * experts; c++) {
                    sum += flow.counts()[c];
                    top = flow.counts()[c] > flow.counts()[top] ? c : top;
                }
                double share = sum == 0 ? 0 : (double) flow.counts()[top] / sum;
                if (share > best) {
                    best = share;
                    line = String.format(
                            Locale.ROOT,
                            "from expert %d of layer %d, %s go to expert %d of layer %d; an even share is %s",
                            i,
                            flow.fromLayer(),
                            Words.percent(share),
                            top - i * experts,
                            flow.toLayer(),
                            Words.percent(1.0 / experts));
                }
            }
        }
        return best == 0 ? List.of() : List.of(line);
    }
}
