package io.sparkmoe.spark;

import io.sparkmoe.core.RoutingBackends;
import java.io.Serializable;
import java.util.List;
import java.util.function.BinaryOperator;
import org.apache.spark.network.util.JavaUtils;

/**
 * The configuration keys. Values come as Spark configuration ({@code --conf}, {@code SET}), read when the table says.
 *
 * @param backend requested backend
 * @param strict a requested cuda backend that cannot be had fails the task
 * @param maxBytes bound of a device batch and of a slice of results
 */
public record MoeConf(RoutingBackends.Request backend, boolean strict, long maxBytes) implements Serializable {
    /** One key: its default, when it is read, and what it does; docs/configuration.md is generated from these. */
    public record Key(String name, String fallback, String read, String doc) {}

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

    /** Every key, in the order of the documentation. */
    public static final List<Key> KEYS = List.of(ENABLED, BACKEND, STRICT, MAX_BYTES);

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
                bytes);
    }

    /** Whether planning may be changed. */
    public static boolean enabled(BinaryOperator<String> get) {
        return Boolean.parseBoolean(get.apply(ENABLED.name(), ENABLED.fallback()));
    }
}
