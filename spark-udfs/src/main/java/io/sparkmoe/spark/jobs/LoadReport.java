package io.sparkmoe.spark.jobs;

import io.sparkmoe.core.metrics.BalanceMetrics;
import io.sparkmoe.spark.report.ReportModel;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Expert load as the page and the tables show it, with the balance figures made of it. */
final class LoadReport {
    private LoadReport() {}

    /** Adds load, balance and their tables to what was found. {@code load}: layer to counts [num_experts]. */
    static void add(Analysis found, Map<Integer, long[]> load, @Nullable Integer epSize) {
        List<ReportModel.Layer> layers = new ArrayList<>();
        load.forEach((layer, counts) -> layers.add(new ReportModel.Layer(layer, counts, metrics(counts, epSize))));
        found.epSize(epSize)
                .load(
                        layers,
                        OverallMetrics.of(
                                layers.stream().map(ReportModel.Layer::metrics).toList(), load.values(), epSize));
        ReportTables tables = new ReportTables(found.traces().get(0).trace().spark());
        found.table("expert_load", tables.expertLoad(layers)).table("balance", tables.balance(layers));
    }

    private static Map<String, @Nullable Double> metrics(long[] counts, @Nullable Integer epSize) {
        Map<String, @Nullable Double> out = new LinkedHashMap<>();
        @Nullable Double[] values = BalanceMetrics.of(counts, epSize).values();
        List<String> names = BalanceMetrics.names();
        for (int i = 0; i < values.length; i++) {
            out.put(names.get(i), values[i]);
        }
        return out;
    }
}
