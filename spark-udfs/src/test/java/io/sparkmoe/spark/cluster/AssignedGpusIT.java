package io.sparkmoe.spark.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkmoe.core.cuda.driver.CudaDriver;
import io.sparkmoe.spark.gpu.Gpu;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * A standalone cluster of two executors that share one card, which one worker announces by its UUID and the other by its
 * index. Where there is no GPU the addresses are made up, and the executors say that the CPU does the work.
 */
@Tag("cluster")
class AssignedGpusIT {
    private static final String MADE_UP = "GPU-7f1c2a34-5b6d-4e8f-9a0b-1c2d3e4f5061";

    private final boolean onGpu = Gpu.usable();

    private static String worker(Path folder, String address) throws IOException {
        Path script = Files.writeString(
                folder.resolve("gpus-" + address + ".sh"),
                "#!/bin/sh\necho '{\"name\": \"gpu\", \"addresses\": [\"" + address + "\"]}'\n");
        assertThat(script.toFile().setExecutable(true)).isTrue();
        return "spark.worker.resource.gpu.amount=1\nspark.worker.resource.gpu.discoveryScript=" + script + "\n";
    }

    @Test
    void twoExecutorsShareACard() throws Exception {
        Path target = Path.of(System.getProperty("tests.jar")).getParent();
        Path folder = Files.createTempDirectory(Files.createDirectories(target.resolve("cluster")), "gpus");
        SparkHome spark =
                SparkHome.create(folder.resolve("spark"), Path.of(System.getProperty("spark.classpath.file")));
        String uuid = onGpu ? CudaDriver.load().devices().get(0).uuid() : MADE_UP;
        List<String> workers = List.of(worker(folder, uuid), worker(folder, "0"));
        try (StandaloneCluster cluster = new StandaloneCluster(spark, folder.resolve("standalone"), 2, workers)) {
            SparkHome.Result result = submit(spark, cluster.master(), folder.resolve("driver"));
            System.out.println(result.out());
            assertThat(result.exit()).as(result.err()).isZero();
            String backends = onGpu ? "[cpu, cuda] worked on the device true" : "[cpu, cpu] worked on the device false";
            assertThat(result.out().lines().filter(line -> line.startsWith("executor")))
                    .hasSize(2)
                    .allMatch(line -> line.endsWith("backends " + backends + " device bytes left 0"))
                    .anyMatch(line -> line.contains(" gpu [" + uuid + "] "))
                    .anyMatch(line -> line.contains(" gpu [0] "));
            assertThat(result.out().lines().filter(line -> line.equals("7 groups, same true")))
                    .hasSize(2);
        }
        List<String> said = executorLogs(folder).stream()
                .filter(line -> line.contains("Spark MoE runs on the " + (onGpu ? "cuda" : "cpu") + " backend: auto: "))
                .collect(Collectors.toList());
        System.out.println(String.join("\n", said));
        assertThat(said).as("one line an executor").hasSize(2);
    }

    private static SparkHome.Result submit(SparkHome spark, String master, Path folder) throws Exception {
        List<String> arguments = new ArrayList<>(List.of("--master", master));
        for (String conf : List.of(
                "spark.plugins=io.sparkmoe.spark.MoeSparkPlugin",
                "spark.ui.enabled=false",
                "spark.executor.cores=2",
                "spark.executor.memory=600m",
                "spark.executor.resource.gpu.amount=1",
                "spark.task.resource.gpu.amount=0.5",
                "spark.moe.gpu.memoryFraction=0.2",
                "spark.sql.shuffle.partitions=4",
                "spark.scheduler.minRegisteredResourcesRatio=1.0")) {
            arguments.addAll(List.of("--conf", conf));
        }
        arguments.addAll(
                List.of("--jars", System.getProperty("shipped.jar"), "--class", AssignedGpusApp.class.getName()));
        arguments.add(System.getProperty("tests.jar"));
        return spark.submit(folder, arguments);
    }

    private static List<String> executorLogs(Path folder) throws IOException {
        List<String> lines = new ArrayList<>();
        try (Stream<Path> files = Files.walk(folder.resolve("standalone"))) {
            for (Path log : files.filter(f -> f.endsWith("stderr")).toList()) {
                lines.addAll(Files.readAllLines(log));
            }
        }
        return lines;
    }
}
