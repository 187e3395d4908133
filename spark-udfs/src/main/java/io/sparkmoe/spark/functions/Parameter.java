package io.sparkmoe.spark.functions;

import org.jspecify.annotations.Nullable;

/**
 * One parameter of a SQL function.
 *
 * @param data a column; otherwise a constant
 * @param required has no default
 * @param fallback default of an optional constant: an Integer, a Boolean, a String, or null for "not given"
 * @param doc one line: type, range, meaning
 */
public record Parameter(
        String name,
        boolean data,
        boolean required,
        @Nullable Object fallback,
        String doc) {
    static Parameter column(String name, String doc) {
        return new Parameter(name, true, true, null, doc);
    }

    static Parameter constant(String name, String doc) {
        return new Parameter(name, false, true, null, doc);
    }

    /** A column that need not be given. */
    static Parameter optionalColumn(String name, String doc) {
        return new Parameter(name, true, false, null, doc);
    }

    static Parameter optional(String name, @Nullable Object fallback, String doc) {
        return new Parameter(name, false, false, fallback, doc);
    }
}
