package io.sparkmoe.spark.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkmoe.spark.Main;
import io.sparkmoe.spark.MoeConf;
import io.sparkmoe.spark.exec.ExecutorBackend;
import io.sparkmoe.spark.flame.FlameRouting;
import io.sparkmoe.spark.flame.FlameTraces;
import io.sparkmoe.spark.jobs.passes.ReplayOptions;
import io.sparkmoe.spark.jobs.scan.Feeders;
import io.sparkmoe.spark.jobs.scan.ScanResult;
import io.sparkmoe.spark.jobs.scan.TraceScan;
import io.sparkmoe.spark.sql.OwnJvm;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What a scan shuffles and holds does not depend on how long the trace is. The same by hand at full size: write layers with
 * FlameTraces.main (folder, 52428800 rows, 30 layers), and run {@code SPARK_MOE_HEAP=4g bin/spark-moe report --all} on
 * the folder; its sums are those of a run with more memory.
 */
class ScanMemoryTest {
    private static final int ROWS = 400_000;
    private static final int ITERATIONS = 8;
    private static final FlameRouting ROUTING = new FlameRouting(3, 64, 6);

    @TempDir
    static Path folder;

    private static SparkSession spark;
    private static Path small;

    @BeforeAll
    static void write() throws Exception {
        spark = LocalSpark.get();
        small = write("flame-small", ROWS);
    }

    private static Path write(String name, int rows) throws Exception {
        FlameTraces traces = new FlameTraces(folder.resolve(name), ROUTING, rows, 1 << 15);
        for (int layer = 2; layer < 4; layer++) {
            traces.writeLayer(1, 0, layer);
        }
        return folder.resolve(name);
    }

    private record Shuffled(int tasks, long bytes) {}

    private static Shuffled shuffled(Path trace) throws Exception {
        AtomicLong written = new AtomicLong();
        SparkListener listener = new SparkListener() {
            @Override
            public void onTaskEnd(SparkListenerTaskEnd task) {
                written.addAndGet(task.taskMetrics().shuffleWriteMetrics().bytesWritten());
            }
        };
        MoeConf conf = Backends.conf(spark);
        ScanResult result = TraceScan.of(
                spark.read()
                        .format("moe_trace")
                        .option("recorder", "flame")
                        .option("numExperts", "64")
                        .load(trace.toString()),
                List.of(
                        Feeders.load(),
                        Feeders.coactivation(0, 1),
                        Feeders.transitions(1, 0, 1),
                        Feeders.windows(8),
                        Feeders.passes(
                                new ReplayOptions(64, 6, List.of(1, 64, 4096), List.of(64), List.of(1.25)), false)),
                new TraceScan.Options(
                        false, 64 << 20, 2, 1, TraceScan.Options.SLICE_IDS, () -> ExecutorBackend.get(conf)));
        spark.sparkContext().addSparkListener(listener);
        result.audit(null);
        spark.sparkContext().listenerBus().waitUntilEmpty();
        spark.sparkContext().removeSparkListener(listener);
        return new Shuffled(result.tasks(), written.get());
    }

    @Test
    void shuffledBytesDoNotGrowWithTheInputAtFixedParallelism() throws Exception {
        String openCost = "spark.sql.files.openCostInBytes";
        spark.conf().set(openCost, "64k");
        Shuffled of = shuffled(small);
        Shuffled more = shuffled(write("flame-large", 4 * ROWS));
        spark.conf().unset(openCost);
        assertThat(more.tasks()).isEqualTo(of.tasks());
        // Counts four times as large take two bits more, a number of seven bits a byte: less than a third.
        assertThat((double) more.bytes() / of.bytes()).isBetween(1.0, 1.34);
    }

    @Test
    void aTraceLongerThanTheHeapIsReportedOn() throws Exception {
        Path model = folder.resolve("flame-long");
        for (int i = 0; i < ITERATIONS; i++) {
            for (int layer = 2; layer < 4; layer++) {
                String file = "actives/iter_%04d/layer_%02d.parquet";
                Path link = model.resolve(String.format(file, 1 + i, layer));
                Files.createDirectories(link.getParent());
                Files.createLink(link, small.resolve(String.format(file, 1, layer)));
            }
        }
        Path output = folder.resolve("long");
        String printed = OwnJvm.run(
                Map.of(),
                Main.class,
                "512m",
                OwnJvm.classPath(),
                "report",
                "--all",
                "--master",
                "local[2]",
                "--num-experts",
                "64",
                "--tokens-per-pass",
                "1,512",
                "--input",
                model.toString(),
                "--output",
                output.toString());
        assertThat(output.resolve("report.html")).as(printed).exists();
        CommandLineRun once = CommandLineRun.of(
                "load", "--input", small.toString(), "--num-experts", "64", "--output", folder + "/once");
        assertThat(once.code()).as(once.err()).isZero();
        Map<String, Long> single = load(folder.resolve("once"));
        single.replaceAll((expert, count) -> ITERATIONS * count);
        assertThat(load(output)).isEqualTo(single);
    }

    private static Map<String, Long> load(Path report) {
        Map<String, Long> out = new TreeMap<>();
        for (Row row : spark.read().parquet(report + "/tables/expert_load").collectAsList()) {
            out.put(row.getInt(0) + "/" + row.getInt(1), row.getLong(2));
        }
        return out;
    }
}
