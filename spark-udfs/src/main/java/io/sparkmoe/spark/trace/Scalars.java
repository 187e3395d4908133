package io.sparkmoe.spark.trace;

import org.apache.spark.sql.types.BooleanType;
import org.apache.spark.sql.types.ByteType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DateType;
import org.apache.spark.sql.types.DecimalType;
import org.apache.spark.sql.types.DoubleType;
import org.apache.spark.sql.types.FloatType;
import org.apache.spark.sql.types.IntegerType;
import org.apache.spark.sql.types.LongType;
import org.apache.spark.sql.types.ShortType;
import org.apache.spark.sql.types.StringType;
import org.apache.spark.sql.vectorized.ColumnVector;

/** Scalar values of a column as numbers and as text, whatever type the file gave them. */
final class Scalars {
    private Scalars() {}

    static boolean isInteger(DataType type) {
        return type instanceof ByteType
                || type instanceof ShortType
                || type instanceof IntegerType
                || type instanceof LongType;
    }

    static boolean isText(DataType type) {
        return isInteger(type)
                || type instanceof StringType
                || type instanceof BooleanType
                || type instanceof FloatType
                || type instanceof DoubleType
                || type instanceof DecimalType
                || type instanceof DateType;
    }

    static long integer(ColumnVector column, int row) {
        DataType type = column.dataType();
        if (type instanceof ByteType) {
            return column.getByte(row);
        }
        if (type instanceof ShortType) {
            return column.getShort(row);
        }
        return type instanceof IntegerType ? column.getInt(row) : column.getLong(row);
    }

    static String text(ColumnVector column, int row) {
        DataType type = column.dataType();
        if (isInteger(type)) {
            return Long.toString(integer(column, row));
        }
        if (type instanceof StringType) {
            return column.getUTF8String(row).toString();
        }
        if (type instanceof BooleanType) {
            return Boolean.toString(column.getBoolean(row));
        }
        if (type instanceof FloatType) {
            return Float.toString(column.getFloat(row));
        }
        if (type instanceof DoubleType) {
            return Double.toString(column.getDouble(row));
        }
        if (type instanceof DecimalType decimal) {
            return column.getDecimal(row, decimal.precision(), decimal.scale()).toString();
        }
        return java.time.LocalDate.ofEpochDay(column.getInt(row)).toString();
    }
}
