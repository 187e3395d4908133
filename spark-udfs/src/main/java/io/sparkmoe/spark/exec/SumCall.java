package io.sparkmoe.spark.exec;

import java.io.Serializable;
import java.util.List;
import org.apache.spark.sql.types.DataType;

/**
 * One aggregate of a partial node.
 *
 * @param columns ordinals of its data columns in the child's output
 * @param types their types
 * @param sql how the user wrote it, for messages
 */
public record SumCall(SumOperator operator, List<Integer> columns, List<DataType> types, String sql)
        implements Serializable {}
