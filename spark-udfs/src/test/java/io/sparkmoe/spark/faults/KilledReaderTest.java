package io.sparkmoe.spark.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkmoe.spark.faults.FaultyFileSystem.Fault;
import java.io.BufferedWriter;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.util.ArrowUtils;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A job cancelled while the reader is inside a record leaves no Arrow memory, no open stream and no file. */
class KilledReaderTest {
    private static final String GROUP = "to be killed";
    private static final int TOKENS = 6000;
    private static final int LAYERS = 61;
    private static final int TOPK = 8;

    @TempDir
    static Path folder;

    private static SparkSession spark;
    private static Recording recording;

    @BeforeAll
    static void start() throws Exception {
        spark = FaultySession.start();
        recording = Recording.write(folder);
        writeLong(folder.resolve("long.jsonl"));
    }

    @AfterAll
    static void stop() {
        spark.stop();
    }

    @AfterEach
    void heal() {
        FaultyFileSystem.off(spark.conf());
        spark.sparkContext().clearJobGroup();
    }

    /** Two records of 16 MB. */
    private static void writeLong(Path file) throws IOException {
        byte[] ids = new byte[4 * TOKENS * LAYERS * TOPK];
        for (int i = 0; i < ids.length; i += 4) {
            ids[i] = (byte) (i / 4 % 251);
        }
        String payload = Base64.getEncoder().encodeToString(ids);
        try (BufferedWriter out = Files.newBufferedWriter(file)) {
            for (int record = 0; record < 2; record++) {
                out.write("{\"meta_info\":{\"id\":\"r" + record + "\",\"routed_experts\":\"" + payload
                        + "\",\"prompt_tokens\":" + TOKENS + ",\"completion_tokens\":1}}\n");
            }
        }
    }

    private static void await(BooleanSupplier condition, String what) throws InterruptedException {
        for (int i = 0; i < 600 && !condition.getAsBoolean(); i++) {
            Thread.sleep(50);
        }
        assertThat(condition.getAsBoolean()).as(what).isTrue();
    }

    private static <T> T cancelled(Callable<T> job, BooleanSupplier started) throws Exception {
        return cancelled(job, started, true);
    }

    /** Runs {@code job}, cancels it once {@code started}, and waits for its end. */
    private static <T> T cancelled(Callable<T> job, BooleanSupplier started, boolean interrupt) throws Exception {
        ExecutorService executor = Executors.newSingleThreadExecutor();
        try {
            Future<T> running = executor.submit(() -> {
                spark.sparkContext().setJobGroup(GROUP, "reads", interrupt);
                return job.call();
            });
            await(started, "the reader is at work");
            spark.sparkContext().cancelJobGroup(GROUP);
            return running.get(60, TimeUnit.SECONDS);
        } finally {
            executor.shutdownNow();
        }
    }

    private static void nothingIsLeft() throws InterruptedException {
        await(() -> FaultyFileSystem.OPEN.get() == 0, "no stream is open");
        await(() -> ArrowUtils.rootAllocator().getAllocatedMemory() == 0, "no Arrow memory is held");
        await(() -> ArrowUtils.rootAllocator().getChildAllocators().isEmpty(), "no allocator is open");
    }

    private static List<?> readLong() {
        return spark.read()
                .format("moe_trace")
                .options(Map.of("recorder", "sglang", "numExperts", "256", "topk", "8", "numLayers", "61"))
                .option("moeLayers", "0-60")
                .load(folder.resolve("long.jsonl").toString())
                .groupBy("layer")
                .agg(org.apache.spark.sql.functions.expr("moe_expert_load(topk_ids, num_experts => 256)"))
                .collectAsList();
    }

    /** The disk hangs inside the first record, and after it was read whole, inside the second. */
    @ParameterizedTest
    @ValueSource(ints = {9_000_000, 24_000_000})
    void insideARecord(int afterBytes) throws Exception {
        spark.conf().set("spark.sql.files.maxPartitionBytes", "1g");
        FaultyFileSystem.on(spark.conf(), Fault.HANG, "long\\.jsonl", afterBytes);
        try {
            assertThatThrownBy(() -> cancelled(KilledReaderTest::readLong, () -> FaultyFileSystem.FAULTS.get() > 0))
                    .isInstanceOf(ExecutionException.class)
                    .hasStackTraceContaining("cancelled");
        } finally {
            spark.conf().unset("spark.sql.files.maxPartitionBytes");
        }
        nothingIsLeft();
        FaultyFileSystem.off(spark.conf());
        assertThat(readLong()).hasSize(LAYERS);
    }

    @Test
    void aTaskKilledWithoutAnInterruptReadsNotOn() throws Exception {
        FaultyFileSystem.on(spark.conf(), Fault.SLEEP, "long\\.jsonl", 3_000_000);
        assertThatThrownBy(() -> cancelled(KilledReaderTest::readLong, () -> FaultyFileSystem.FAULTS.get() > 0, false))
                .hasStackTraceContaining("cancelled");
        nothingIsLeft();
        assertThat(FaultyFileSystem.LATE).as("reads after the kill").hasValue(0);
    }

    @ParameterizedTest
    @ValueSource(strings = {"gz", "bz2", "zst"})
    void insideCompressedData(String ending) throws Exception {
        Path file = recording.as(ending);
        FaultyFileSystem.on(spark.conf(), Fault.HANG, ".*\\." + ending, 100_000);
        assertThatThrownBy(() -> cancelled(
                        () -> spark.read()
                                .format("moe_trace")
                                .options(recording.options())
                                .load(file.toString())
                                .collectAsList(),
                        () -> FaultyFileSystem.FAULTS.get() > 0))
                .hasStackTraceContaining("cancelled");
        nothingIsLeft();
    }

    @ParameterizedTest
    @ValueSource(strings = {"convert", "report"})
    void verbsTakeWhatTheyBeganAway(String verb) throws Exception {
        Path place = Files.createTempDirectory(folder, verb);
        Set<String> before = temporary();
        FaultyFileSystem.on(spark.conf(), Fault.HANG, ".*\\.jsonl", 100_000);
        List<String> failure = cancelled(
                () -> Verbs.failure(
                        verb,
                        "--input",
                        recording.plain().toString(),
                        "--model-config",
                        recording.config().toString(),
                        "--output",
                        place.resolve("out").toString()),
                () -> FaultyFileSystem.FAULTS.get() > 0);
        assertThat(failure).anyMatch(line -> line.contains("cancelled"));
        nothingIsLeft();
        try (var left = Files.walk(place)) {
            assertThat(left.filter(Files::isRegularFile)).isEmpty();
        }
        assertThat(place.toFile().list()).isSubsetOf("out");
        assertThat(temporary()).isEqualTo(before);
    }

    @Test
    void theDemoTakesItsCopyAway() throws Exception {
        Set<String> before = temporary();
        FaultyFileSystem.on(spark.conf(), Fault.HANG, ".*\\.jsonl\\.bz2", 100_000);
        List<String> failure = cancelled(
                () -> Verbs.failure(
                        "report", "--demo", "--output", folder.resolve("demo").toString()),
                () -> FaultyFileSystem.FAULTS.get() > 0);
        assertThat(failure).anyMatch(line -> line.contains("cancelled"));
        nothingIsLeft();
        assertThat(temporary()).isEqualTo(before);
    }

    /** Our entries of the folder for temporary files. */
    private static Set<String> temporary() {
        String[] names =
                new File(System.getProperty("java.io.tmpdir")).list((dir, name) -> name.startsWith("spark-moe"));
        return new TreeSet<>(List.of(names));
    }
}
