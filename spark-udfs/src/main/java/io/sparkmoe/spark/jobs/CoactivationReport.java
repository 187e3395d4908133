package io.sparkmoe.spark.jobs;

import io.sparkmoe.core.analysis.Triangle;
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

/** Co-activation as the page, the table and the terminal show it. */
final class CoactivationReport {
    private CoactivationReport() {}

    static void add(Analysis found, OneRead read, Progress progress) {
        Map<Integer, ScanResult.Load> load = read.load();
        JavaRDD<Tuple2<Integer, long[]>> triangles = read.coactivation();
        found.table(
                "coactivation", MatrixTables.coactivation(read.trace().trace().spark(), triangles, load));
        PageMatrices<Integer> shown =
                PageMatrices.of(List.copyOf(load.keySet()), read.trace().numExperts());
        Set<Integer> chosen = shown.chosen();
        List<AnalysisModel.Coactivation> layers = new ArrayList<>();
        for (Tuple2<Integer, long[]> t : progress.step(
                "Collecting co-activation",
                () -> triangles.filter(t -> chosen.contains(t._1())).collect())) {
            layers.add(new AnalysisModel.Coactivation(
                    t._1(),
                    load.get(t._1()).known(),
                    Triangle.full(t._2(), read.trace().numExperts())));
        }
        layers.sort(Comparator.comparingInt(AnalysisModel.Coactivation::layer));
        found.coactivation(layers);
        shown.note(found, "coactivation", "layers");
        strongest(layers, read.trace().numExperts()).forEach(l -> found.line("Together", l));
    }

    /** The pair that is named together most, beside what routing without preferences would do. */
    private static List<String> strongest(List<AnalysisModel.Coactivation> layers, int experts) {
        String line = "";
        double best = 0;
        for (AnalysisModel.Coactivation layer : layers) {
            long[] n = layer.tokenCounts();
            for (int i = 0; i < experts; i++) {
                for (int j = i + 1; j < experts; j++) {
                    double share = (double) n[i * experts + j] / Math.max(1, layer.tokens());
                    if (share > best) {
                        best = share;
                        line = String.format(
                                Locale.ROOT,
                                "experts %d and %d of layer %d: %s of its tokens name both, lift %.2f",
                                i,
                                j,
                                layer.layer(),
                                Words.percent(share),
                                n[i * experts + j]
                                        * (double) layer.tokens()
                                        / ((double) n[i * experts + i] * n[j * experts + j]));
                    }
                }
            }
        }
        return best == 0 ? List.of() : List.of(line);
    }
}
