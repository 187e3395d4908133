package io.sparkmoe.spark.exec;

import java.io.Serializable;
import java.util.List;
import org.apache.spark.sql.types.DataType;
import org.jspecify.annotations.Nullable;

/** Where a call reads an input. */
public sealed interface InputRef extends Serializable {
    DataType type();

    /** A column of the child's output, or a field inside a column of structs. */
    record Column(int ordinal, List<Field> path, DataType type) implements InputRef {}

    /** One step into a struct of {@code width} fields. */
    record Field(int ordinal, int width) implements Serializable {}

    /** The same value on every row: array data, bytes, or null. */
    record Constant(@Nullable Object value, DataType type) implements InputRef {}
}
