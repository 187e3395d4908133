package io.sparkmoe.spark.exec;

import io.sparkmoe.core.RoutingBackends;
import io.sparkmoe.core.routing.RoutingBackend;
import java.util.List;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.catalyst.expressions.UnsafeArrayData;
import org.apache.spark.sql.catalyst.util.ArrayData;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.BinaryType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.FloatType;
import org.apache.spark.sql.types.IntegerType;
import org.apache.spark.sql.types.LongType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.util.ArrowUtils;
import org.apache.spark.sql.vectorized.ColumnVector;

/**
 * Evaluates a function on one row's values, on the CPU: what answers inside lambdas, literals, join conditions over both
 * sides, and wherever else no batch can be had. The same operators over a batch of one.
 */
public final class RowEvaluator {
    /** The one backend of row-wise evaluation: each that is open keeps released memory for reuse. */
    static final RoutingBackend CPU =
            RoutingBackends.open(RoutingBackends.Request.CPU, false).backend();

    private RowEvaluator() {}

    /**
     * @param inputs a value, not null, for each of the operator's inputs
     * @return the Catalyst value of the result, in memory of its own
     */
    public static Object evaluate(BatchOperator operator, List<InputRef.Constant> inputs) {
        BufferAllocator allocator = ArrowUtils.rootAllocator().newChildAllocator("spark-moe-row", 0, Long.MAX_VALUE);
        try (allocator;
                InputGroup group = new InputGroup(List.copyOf(inputs))) {
            group.open(operator.inputs(), allocator::buffer, false);
            group.look(RowSlice.of(List.of(InternalRow.empty()), 0));
            group.collect(0, 1, 0);
            try (ResultColumn result = operator.run(group.inputs(CPU, allocator))) {
                return copy(result.column(), 0, operator.resultType());
            }
        }
    }

    private static Object copy(ColumnVector column, int row, DataType type) {
        if (type instanceof StructType struct) {
            StructField[] fields = struct.fields();
            Object[] values = new Object[fields.length];
            for (int i = 0; i < fields.length; i++) {
                values[i] = copy(column.getChild(i), row, fields[i].dataType());
            }
            return new GenericInternalRow(values);
        }
        if (type instanceof BinaryType) {
            return column.getBinary(row);
        }
        if (type instanceof ArrayType list && list.elementType() instanceof FloatType) {
            return UnsafeArrayData.fromPrimitiveArray(column.getArray(row).toFloatArray());
        }
        if (type instanceof ArrayType list) {
            ArrayData array = column.getArray(row);
            return list.elementType() instanceof LongType
                    ? UnsafeArrayData.fromPrimitiveArray(array.toLongArray())
                    : UnsafeArrayData.fromPrimitiveArray(array.toIntArray());
        }
        if (type instanceof IntegerType) {
            return column.getInt(row);
        }
        return column.getLong(row);
    }
}
