package io.sparkmoe.spark;

import com.codahale.metrics.Gauge;
import io.sparkmoe.spark.exec.ExecutorBackend;
import io.sparkmoe.spark.exec.MoeMetrics;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import org.apache.spark.SparkContext;
import org.apache.spark.api.plugin.DriverPlugin;
import org.apache.spark.api.plugin.ExecutorPlugin;
import org.apache.spark.api.plugin.PluginContext;
import org.apache.spark.api.plugin.SparkPlugin;

/**
 * {@code spark.plugins=io.sparkmoe.spark.MoeSparkPlugin}: the driver's side turns the extensions on, the executors' side
 * publishes running totals in Spark's metrics system and closes the backend at the end.
 */
public final class MoeSparkPlugin implements SparkPlugin {
    private static final String EXTENSIONS = "spark.sql.extensions";

    @Override
    public DriverPlugin driverPlugin() {
        return new DriverPlugin() {
            @Override
            public Map<String, String> init(SparkContext sc, PluginContext context) {
                String own = MoeSessionExtensions.class.getName();
                Set<String> names = new LinkedHashSet<>(
                        Arrays.asList(context.conf().get(EXTENSIONS, "").split(",")));
                names.remove("");
                names.add(own);
                context.conf().set(EXTENSIONS, String.join(",", names));
                return Map.of();
            }
        };
    }

    @Override
    public ExecutorPlugin executorPlugin() {
        return new ExecutorPlugin() {
            // Never throws: a plugin that does makes the cluster restart executors for ever.
            @Override
            public void init(PluginContext context, Map<String, String> fromDriver) {
                MoeMetrics.totals()
                        .forEach((name, total) -> context.metricRegistry().register(name, (Gauge<Long>) total::sum));
                ExecutorBackend.open(context.resources());
            }

            @Override
            public void shutdown() {
                ExecutorBackend.closeAll();
            }
        };
    }
}
