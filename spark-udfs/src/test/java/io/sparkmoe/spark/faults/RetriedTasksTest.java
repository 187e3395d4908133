package io.sparkmoe.spark.faults;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkmoe.core.RoutingBackends;
import io.sparkmoe.spark.faults.FaultyFileSystem.Fault;
import io.sparkmoe.spark.jobs.passes.BackendSource;
import io.sparkmoe.spark.jobs.passes.PassReplay;
import io.sparkmoe.spark.jobs.passes.ReplayOptions;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.spark.TaskContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.api.java.UDF1;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.util.ArrowUtils;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tasks that fail in the middle are run again by Spark, and every row and count is as if nothing had happened. */
class RetriedTasksTest {
    /** Tasks that failed because a test wanted it, other than by the file system. */
    private static final AtomicInteger THROWN = new AtomicInteger();

    private static final BackendSource CPU =
            () -> RoutingBackends.open(RoutingBackends.Request.CPU, true).backend();

    @TempDir
    static Path folder;

    private static SparkSession spark;
    private static Recording recording;

    @BeforeAll
    static void start() throws Exception {
        spark = FaultySession.start();
        recording = Recording.write(folder);
    }

    @AfterAll
    static void stop() {
        spark.stop();
    }

    @AfterEach
    void heal() {
        FaultyFileSystem.off(spark.conf());
    }

    /** Runs something soundly, then with tasks that fail after some bytes of each file, and expects the same. */
    private static List<String> sameUnderRetries(String names, long afterBytes, Callable<List<String>> what)
            throws Exception {
        List<String> sound = what.call();
        FaultyFileSystem.on(spark.conf(), Fault.BREAK, names, afterBytes);
        List<String> retried = what.call();
        FaultyFileSystem.off(spark.conf());
        assertThat(FaultyFileSystem.FAULTS).as("faults made").hasPositiveValue();
        assertThat(FaultyFileSystem.OPEN).as("streams left open").hasValue(0);
        assertThat(ArrowUtils.rootAllocator().getAllocatedMemory()).isZero();
        assertThat(retried).isEqualTo(sound);
        return sound;
    }

    private static List<String> text(Dataset<Row> rows) {
        return rows.toJSON().collectAsList().stream().sorted().toList();
    }

    private static Dataset<Row> read(Path file) {
        return spark.read().format("moe_trace").options(recording.options()).load(file.toString());
    }

    @ParameterizedTest
    @CsvSource({"jsonl,0", "jsonl,300000", "gz,0", "gz,5", "gz,100000", "bz2,0", "bz2,3", "bz2,100000", "zst,0", "zst,5"
    })
    void theReaderTakesABrokenDiskForNoBadRecord(String ending, int afterBytes) throws Exception {
        Path file = recording.as(ending);
        List<String> rows = sameUnderRetries(".*\\." + ending, afterBytes, () -> text(read(file)));
        assertThat(rows)
                .hasSizeGreaterThan(50)
                .filteredOn(row -> row.contains("\"bad\":"))
                .hasSize(1);
    }

    @Test
    void verbsOnARecordingWriteTheSameTables() throws Exception {
        List<String> rows = sameUnderRetries(".*\\.jsonl", 70_000, () -> Verbs.ofRecording(spark, recording));
        assertThat(rows)
                .anyMatch(row -> row.endsWith(",not_json,1,0,0"))
                .anyMatch(row -> row.startsWith("trace "))
                .anyMatch(row -> row.startsWith("quarantine "))
                .anyMatch(row -> row.startsWith("tables/padding "));
    }

    @Test
    void verbsOnATraceTableWriteTheSameTables() throws Exception {
        Path table = folder.resolve("table");
        read(recording.plain()).where("bad is null").write().parquet(table.toString());
        List<String> rows = sameUnderRetries("part-.*\\.parquet", 20_000, () -> Verbs.ofTable(spark, table));
        assertThat(rows).anyMatch(row -> row.startsWith("tables/padding "));
    }

    @Test
    void aggregatesCountEachRowOnceWhenTasksFailAfterSomeRows() {
        spark.udf().register("sound", (UDF1<Long, Boolean>) row -> row != 1000 || failFirst(), DataTypes.BooleanType);
        String query =
                "SELECT layer, moe_expert_load(ids, num_experts => 16) h, moe_padding_sum(ids, num_experts => 16, "
                        + "block_sizes => array(4)) p FROM (SELECT mod(id, 3) layer, transform(sequence(0, 7), j -> "
                        + "cast(mod(id * 7 + j, 16) AS int)) ids FROM range(0, 4000, 1, 3) WHERE %s) GROUP BY layer";
        List<String> expected = text(spark.sql(String.format(query, "true")));
        int before = THROWN.get();
        assertThat(text(spark.sql(String.format(query, "sound(id)")))).isEqualTo(expected);
        assertThat(THROWN.get() - before).isEqualTo(1);
        assertThat(ArrowUtils.rootAllocator().getAllocatedMemory()).isZero();
    }

    @Test
    void passesAreMeasuredOnceWhenTasksBehindAShuffleFail() throws Exception {
        Dataset<Row> rows = read(recording.plain()).where("bad is null");
        int topk = rows.selectExpr("topk").first().getInt(0);
        ReplayOptions options = new ReplayOptions(64, topk, List.of(8), List.of(16));
        var expected = new PassReplay(rows, options, CPU).replayed();
        int before = THROWN.get();
        BackendSource flaky = () -> {
            failFirst();
            return CPU.get();
        };
        assertThat(new PassReplay(rows, options, flaky).replayed())
                .isNotEmpty()
                .usingRecursiveComparison()
                .isEqualTo(expected);
        assertThat(THROWN.get() - before).isGreaterThan(1);
    }

    private static boolean failFirst() {
        if (TaskContext.get().attemptNumber() == 0) {
            THROWN.incrementAndGet();
            throw new IllegalStateException("the test has the first attempt fail");
        }
        return true;
    }
}
