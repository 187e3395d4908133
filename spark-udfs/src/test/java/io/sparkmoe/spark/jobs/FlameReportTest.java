package io.sparkmoe.spark.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkmoe.spark.flame.FlameRouting;
import io.sparkmoe.spark.flame.FlameTraces;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands on a recording in the layout of FLAME-MoE-Traces: two iterations, of which one lacks a layer. */
final class FlameReportTest {
    private static final int ROWS = 3000;
    private static final FlameRouting ROUTING = new FlameRouting(5, 64, 6);

    @TempDir
    static Path folder;

    private static SparkSession spark;
    private static Path model;

    @BeforeAll
    static void write() throws IOException {
        spark = LocalSpark.get();
        model = folder.resolve("flame-moe-mini");
        FlameTraces traces = new FlameTraces(model, ROUTING, ROWS, 1024);
        traces.writeLayer(100, 0, 2);
        traces.writeLayer(100, 0, 3);
        traces.writeLayer(200, 2, 2);
        traces.writeSamples(ROWS);
        Files.writeString(model.resolve("README.md"), "beside the data");
    }

    private static CommandLineRun report(Path output, String... more) {
        List<String> args = new ArrayList<>(List.of(
                "report", "--output", output.toString(), "--tokens-per-pass", "64", "--block-sizes", "16", "--input"));
        args.addAll(List.of(more));
        return CommandLineRun.of(args.toArray(new String[0]));
    }

    private static long[] counts(Path report, int layer) {
        long[] out = new long[64];
        for (Row row : spark.read()
                .parquet(report.resolve("tables/expert_load").toString())
                .where("layer = " + layer)
                .collectAsList()) {
            out[row.getInt(1)] = row.getLong(2);
        }
        return out;
    }

    private static long[] expected(int drift, int layer) {
        long[] out = new long[64];
        FlameRouting.Layer routed = ROUTING.layer(drift, layer);
        for (int row = 0; row < ROWS; row++) {
            for (int k = 0; k < 6; k++) {
                out[routed.id(row, k)]++;
            }
        }
        return out;
    }

    private static List<String> audit(Path report) {
        return spark.read().parquet(report.resolve("tables/audit").toString()).collectAsList().stream()
                .map(r -> r.getString(0).replaceAll(".*/", "") + " " + r.getString(1) + " " + r.getLong(2) + " "
                        + r.getLong(3) + " " + r.getLong(4))
                .toList();
    }

    @Test
    void theReportCountsWhatWasGenerated() {
        Path output = folder.resolve("one");
        CommandLineRun run = report(output, model.resolve("actives/iter_0100").toString(), "--recorder", "flame");
        assertThat(run.code()).as(run.err()).isZero();
        assertThat(run.err()).doesNotContain("sorting");
        assertThat(counts(output, 2)).isEqualTo(expected(0, 2));
        assertThat(counts(output, 3)).isEqualTo(expected(0, 3));
        assertThat(audit(output))
                .contains("iter_0100 read 6 6000 36000", "iter_0100 used 6 6000 36000", "iter_0100 quarantined 0 0 0")
                .noneMatch(line -> line.contains("layers_"));
        assertThat(run.out()).contains("3,000");
    }

    @Test
    void aMissingLayerIsInTheAuditAndNamesTellTheRecorder() {
        Path output = folder.resolve("both");
        CommandLineRun run = report(output, model.toString());
        assertThat(run.code()).as(run.err()).isZero();
        assertThat(run.err()).contains("reading as flame");
        assertThat(audit(output)).contains("iter_0200 layers_missing 3 3000 18000", "iter_0200 used 3 3000 18000");
        long[] both = expected(0, 2);
        long[] late = expected(2, 2);
        Arrays.setAll(both, e -> both[e] + late[e]);
        assertThat(counts(output, 2)).isEqualTo(both);
    }

    @Test
    void aFileThatIsBadFailsOrIsPutAside() throws IOException {
        Path broken = folder.resolve("broken");
        new FlameTraces(broken, ROUTING, ROWS, 1024).writeLayer(100, 0, 2);
        new FlameTraces(broken, ROUTING, ROWS, 1024).writeLayer(100, 0, 3);
        new FlameTraces(broken, ROUTING, ROWS - 10, 1024).writeLayer(100, 0, 4);
        CommandLineRun failed = report(folder.resolve("failed"), broken.toString());
        assertThat(failed.code()).isEqualTo(1);
        assertThat(failed.err())
                .contains("layer_04.parquet", "rows_unequal", "2990 rows")
                .doesNotContain("\tat ");
        Path output = folder.resolve("aside");
        CommandLineRun done = report(output, broken.toString(), "--on-bad-rows", "quarantine");
        assertThat(done.code()).as(done.err()).isEqualTo(3);
        assertThat(audit(output))
                .contains("iter_0100 read 7 6000 36000", "iter_0100 used 6 6000 36000", "iter_0100 rows_unequal 1 0 0");
        assertThat(counts(output, 3)).isEqualTo(expected(0, 3));
    }

    @Test
    void idsOutOfRangeAreNamed() {
        CommandLineRun run = report(
                folder.resolve("range"), model.resolve("actives/iter_0100").toString(), "--num-experts", "20");
        assertThat(run.code()).isEqualTo(1);
        assertThat(run.err()).contains("outside [0, 20)", "iter_0100", "layer 2");
    }

    @Test
    void aConvertedRecordingReportsTheSame() {
        Path table = folder.resolve("converted");
        CommandLineRun convert = CommandLineRun.of(
                "convert",
                "--input",
                model.resolve("actives/iter_0100").toString(),
                "--recorder",
                "flame",
                "--output",
                table.toString());
        assertThat(convert.code()).as(convert.err()).isZero();
        Path output = folder.resolve("of-table");
        CommandLineRun run = report(output, table.resolve("trace").toString());
        assertThat(run.code()).as(run.err()).isZero();
        assertThat(run.err().contains("sorting")).isEqualTo(!ConvertCommandTest.PROMISES);
        assertThat(counts(output, 3)).isEqualTo(expected(0, 3));
        assertThat(audit(output)).contains("iter_0100 used 6 6000 36000");
    }
}
