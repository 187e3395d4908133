package io.sparkmoe.spark;

import io.sparkmoe.core.RoutingBackends;
import io.sparkmoe.core.routing.DeviceSettings;
import java.io.Serializable;
import java.util.List;
import java.util.function.BinaryOperator;
import java.util.function.Function;
import java.util.function.Predicate;
import org.apache.spark.network.util.JavaUtils;

/**
 * The configuration keys. Values come as Spark configuration ({@code --conf}, {@code SET}), read when the table says.
 *
 * @param backend requested backend
 * @param strict a requested cuda backend that cannot be had fails the task
 * @param maxBytes bound of a device batch and of a slice of results
 * @param tensorsInPlace tensors go from function to function without a copy
 */
public record MoeConf(RoutingBackends.Request backend, boolean strict, long maxBytes, boolean tensorsInPlace)
        implements Serializable {
    /** One key: its default, when it is read, and what it does; docs/configuration.md is generated from these. */
    public record Key(String name, String fallback, String read, String doc) {}

    private static final String START = "executor start";

    public static final Key ENABLED = new Key(
            "spark.moe.enabled",
            "true",
            "per query",
            "false leaves planning untouched; the functions then answer row by row, with the same results");
    public static final Key BACKEND = new Key(
            "spark.moe.backend", "auto", "per query", "auto, cuda or cpu: which implementation of the operators runs");
    public static final Key STRICT = new Key(
            "spark.moe.backend.strict",
            "false",
            "per query",
            "true: a task fails where spark.moe.backend=cuda cannot be had, instead of running on the CPU");
    public static final Key MAX_BYTES = new Key(
            "spark.moe.batch.maxBytes",
            "64m",
            "per query",
            "bound of the ids and results that a task holds at once; a single row above it goes alone");

    public static final Key IN_PLACE = new Key(
            "spark.moe.tensors.inPlace",
            "true",
            "per query",
            "a function takes the tensor that another one of the same query computed where it lies, on the GPU or in host "
                    + "memory; false: by a copy through host memory, for comparison");

    public static final Key SCAN = new Key(
            "spark.moe.scan",
            "auto",
            "per query",
            "auto or spark: who decodes the Parquet id columns that our functions read; auto is our own decoder wherever it "
                    + "can, spark is Spark's reader everywhere");

    public static final Key GPU_MEMORY = new Key(
            "spark.moe.gpu.memoryFraction",
            "0.5",
            START,
            "share of the device memory free at the start that an executor may take");
    public static final Key GPU_PINNED = new Key(
            "spark.moe.gpu.pinnedMemory",
            "2g",
            START,
            "most page-locked host memory an executor keeps for ids and results on their way to and from the GPU; it comes "
                    + "out of spark.executor.memoryOverhead");
    public static final Key GPU_TASKS = new Key(
            "spark.moe.gpu.concurrentTasks",
            "2",
            START,
            "tasks of an executor that may work on the GPU at once; others wait, and read their input meanwhile");
    public static final Key GPU_STICKY = new Key(
            "spark.moe.gpu.onStickyError",
            "cpu",
            START,
            "cpu or fail: what an executor does after an error that takes the GPU away from it until it is restarted");
    public static final Key NATIVE_DIR = new Key(
            "spark.moe.native.dir",
            "",
            START,
            "folder for the CUDA binding's native library, for machines whose java.io.tmpdir is mounted noexec; empty: "
                    + "java.io.tmpdir");

    /** Every key, in the order of the documentation. */
    public static final List<Key> KEYS = List.of(
            ENABLED,
            BACKEND,
            STRICT,
            MAX_BYTES,
            IN_PLACE,
            SCAN,
            GPU_MEMORY,
            GPU_PINNED,
            GPU_TASKS,
            GPU_STICKY,
            NATIVE_DIR);

    /**
     * Reads the per-query keys.
     *
     * @param get value of a key, given its name and default
     * @throws IllegalArgumentException naming the key and what it takes
     */
    public static MoeConf read(BinaryOperator<String> get) {
        long bytes = JavaUtils.byteStringAsBytes(get.apply(MAX_BYTES.name(), MAX_BYTES.fallback()));
        if (bytes < 1 || bytes > Integer.MAX_VALUE) {
            throw new IllegalArgumentException(MAX_BYTES.name() + " must be in [1, 2147483647] bytes, got " + bytes);
        }
        return new MoeConf(
                RoutingBackends.Request.parse(get.apply(BACKEND.name(), BACKEND.fallback())),
                Boolean.parseBoolean(get.apply(STRICT.name(), STRICT.fallback())),
                bytes,
                Boolean.parseBoolean(get.apply(IN_PLACE.name(), IN_PLACE.fallback())));
    }

    /**
     * Reads the keys of an executor's start.
     *
     * @param get value of a key, given its name and default
     * @throws IllegalArgumentException naming the key and what it takes
     */
    public static DeviceSettings device(BinaryOperator<String> get) {
        String folder = get.apply(NATIVE_DIR.name(), NATIVE_DIR.fallback());
        return new DeviceSettings(
                null,
                value(GPU_MEMORY, get, Double::parseDouble, v -> v > 0 && v <= 1, "a number in (0, 1]"),
                value(GPU_PINNED, get, JavaUtils::byteStringAsBytes, v -> v >= 0, "a size of 0 or more, such as 2g"),
                value(GPU_TASKS, get, Integer::parseInt, v -> v >= 1, "a whole number of 1 or more"),
                value(GPU_STICKY, get, v -> v, List.of("cpu", "fail")::contains, "cpu or fail")
                        .equals("fail"),
                folder.isEmpty() ? null : folder);
    }

    private static <T> T value(
            Key key, BinaryOperator<String> get, Function<String, T> parse, Predicate<T> allowed, String takes) {
        String given = get.apply(key.name(), key.fallback());
        try {
            T parsed = parse.apply(given);
            if (allowed.test(parsed)) {
                return parsed;
            }
        } catch (NumberFormatException e) {
            // Reported below, like a number that is out of range.
        }
        throw new IllegalArgumentException(key.name() + " must be " + takes + ", got '" + given + "'");
    }

    /**
     * Whether id columns of Parquet tables are to be decoded by us.
     *
     * @throws IllegalArgumentException naming the key and what it takes
     */
    public static boolean scan(BinaryOperator<String> get) {
        return value(SCAN, get, v -> v, List.of("auto", "spark")::contains, "auto or spark")
                .equals("auto");
    }

    /** Whether planning may be changed. */
    public static boolean enabled(BinaryOperator<String> get) {
        return Boolean.parseBoolean(get.apply(ENABLED.name(), ENABLED.fallback()));
    }
}
