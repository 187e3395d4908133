package io.sparkmoe.spark.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The shipped jar on executors that are processes of their own: the plugin, serialization, errors coming back. */
@Tag("cluster")
class ClusterIT {
    private static final int ROWS = 3000;
    private static final String JAR = System.getProperty("shipped.jar");

    private static Path folder;
    private static SparkHome spark;

    @BeforeAll
    static void home() throws IOException {
        Path target = Path.of(System.getProperty("tests.jar")).getParent();
        folder = Files.createTempDirectory(Files.createDirectories(target.resolve("cluster")), "run");
        spark = SparkHome.create(folder.resolve("spark"), Path.of(System.getProperty("spark.classpath.file")));
    }

    @Test
    void twoExecutorsShareTheWork() throws IOException, InterruptedException {
        SparkHome.Result result = submit(
                "run",
                ExpertLoadApp.class.getName(),
                System.getProperty("tests.jar"),
                folder.resolve("trace").toString(),
                String.valueOf(ROWS));
        System.out.println(result.out());
        assertThat(result.exit()).as(result.err()).isZero();
        assertThat(result.out().lines().toList())
                .containsAll(expectedLoads())
                .contains("align 0 {\"value\":" + expectedSlots() + "}", "executors [0, 1]");
        assertThat(result.out())
                .containsPattern(
                        "error io\\.sparkmoe\\.core\\.routing\\.MalformedRoutingException: moe_expert_load.*, partition \\d+: row \\d+, position \\d+: expert id \\d+")
                .contains("local-cluster[2,1,1024]");
    }

    @Test
    void theCommandLineReportsFromACluster() throws IOException, InterruptedException {
        Path output = folder.resolve("report");
        SparkHome.Result result =
                submit("demo", "io.sparkmoe.spark.Main", JAR, "report", "--demo", "--output", output.toString());
        System.out.println(result.out());
        assertThat(result.exit()).as(result.err()).isZero();
        assertThat(result.out()).contains("8 MoE layers, 64 experts");
        assertThat(output.resolve("report.html")).isNotEmptyFile();
        assertThat(output.resolve("tables/expert_load")).isNotEmptyDirectory();
    }

    /** Whichever copy of a task wins, the verbs write the same tables and count nothing twice. */
    @Test
    void speculationChangesNothing() throws IOException, InterruptedException {
        Path recording = Files.createDirectories(folder.resolve("recording"));
        try (StandaloneCluster cluster = new StandaloneCluster(spark, folder.resolve("standalone"))) {
            SparkHome.Result result = submit(
                    cluster.master(),
                    List.of(
                            "spark.cores.max=2",
                            "spark.executor.memory=600m",
                            "spark.speculation=true",
                            "spark.speculation.interval=100ms",
                            "spark.speculation.quantile=0.1",
                            "spark.speculation.multiplier=1.2",
                            "spark.speculation.task.duration.threshold=1s",
                            "spark.sql.files.maxPartitionBytes=400k",
                            "spark.sql.files.openCostInBytes=0"),
                    "speculation",
                    SpeculationApp.class.getName(),
                    System.getProperty("tests.jar"),
                    recording.toString());
            System.out.println(result.out());
            assertThat(result.exit()).as(result.err()).isZero();
            assertThat(result.out()).containsPattern("rows \\d{3,} same true\ncopies won true originals killed true");
        }
    }

    /** Submits to two executors of one core each. */
    private static SparkHome.Result submit(String name, String mainClass, String... jarAndArguments)
            throws IOException, InterruptedException {
        return submit("local-cluster[2,1,1024]", List.of(), name, mainClass, jarAndArguments);
    }

    private static SparkHome.Result submit(
            String master, List<String> more, String name, String mainClass, String... jarAndArguments)
            throws IOException, InterruptedException {
        List<String> arguments = new ArrayList<>(List.of("--master", master));
        more.forEach(conf -> arguments.addAll(List.of("--conf", conf)));
        for (String conf : List.of(
                "spark.plugins=io.sparkmoe.spark.MoeSparkPlugin",
                "spark.ui.enabled=false",
                "spark.sql.shuffle.partitions=4",
                "spark.scheduler.minRegisteredResourcesRatio=1.0")) {
            arguments.addAll(List.of("--conf", conf));
        }
        arguments.addAll(List.of("--jars", JAR, "--class", mainClass));
        arguments.addAll(List.of(jarAndArguments));
        return spark.submit(folder.resolve(name), arguments);
    }

    private static int[] ids(int row) {
        int[] ids = new int[8];
        for (int j = 0; j < 8; j++) {
            ids[j] = Math.floorMod(row * 7 + j * j, 16);
        }
        return ids;
    }

    private static List<String> expectedLoads() {
        long[][] loads = new long[3][16];
        for (int row = 0; row < ROWS; row++) {
            for (int id : ids(row)) {
                loads[row % 3][id]++;
            }
        }
        List<String> lines = new ArrayList<>();
        for (int layer = 0; layer < 3; layer++) {
            lines.add("load " + layer + " {\"value\":"
                    + Arrays.toString(loads[layer]).replace(" ", "") + "}");
        }
        return lines;
    }

    /** Blocks of 4 that each row's experts fill, at most 8 of one expert. */
    private static long expectedSlots() {
        long slots = 0;
        for (int row = 0; row < ROWS; row++) {
            int[] ids = ids(row);
            for (int expert : new TreeSet<>(Arrays.stream(ids).boxed().toList())) {
                long n = Arrays.stream(ids).filter(id -> id == expert).count();
                slots += (n + 3) / 4 * 4;
            }
        }
        return slots;
    }
}
