package io.sparkmoe.spark.scan;

import java.io.Serializable;
import java.util.Arrays;
import java.util.Set;
import org.apache.spark.sql.execution.datasources.parquet.ParquetFileFormat;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * Who reads which column.
 *
 * @param ids columns decoded here
 * @param others columns of Spark's reader
 * @param sources for each column of the result (the partition's last), its ordinal in Spark's batches, or -1 - its ordinal
 *     among the ids
 * @param rowIndex ordinal in Spark's batches of the row's number in the file, -1 where all rows come
 */
record ReadColumns(StructType ids, StructType others, int[] sources, int rowIndex) implements Serializable {
    /**
     * Splits the required columns.
     *
     * @param filtered whether Spark's reader may leave rows out, so that rows have to be told by number
     */
    static ReadColumns of(StructType required, int partitionColumns, Set<String> names, boolean filtered) {
        StructType ids = new StructType();
        StructType others = new StructType();
        int[] sources = new int[required.length() + partitionColumns];
        String index = ParquetFileFormat.ROW_INDEX_TEMPORARY_COLUMN_NAME();
        int rowIndex = -1;
        for (int i = 0; i < required.length(); i++) {
            StructField field = required.apply(i);
            if (names.contains(field.name()) && IdSplit.isIds(field.dataType())) {
                sources[i] = -1 - ids.length();
                ids = ids.add(field);
            } else {
                rowIndex = field.name().equals(index) ? others.length() : rowIndex;
                sources[i] = others.length();
                others = others.add(field);
            }
        }
        if (filtered && rowIndex < 0) {
            rowIndex = others.length();
            others = others.add(index, DataTypes.LongType, true);
        }
        for (int i = 0; i < partitionColumns; i++) {
            sources[required.length() + i] = others.length() + i;
        }
        return new ReadColumns(ids, others, sources, rowIndex);
    }

    /** All columns but one are Spark's, by their names. */
    static ReadColumns between(StructType all, StructType others, String ids) {
        int[] sources = new int[all.length()];
        for (int i = 0; i < sources.length; i++) {
            sources[i] = all.apply(i).name().equals(ids)
                    ? -1
                    : others.fieldIndex(all.apply(i).name());
        }
        String index = ParquetFileFormat.ROW_INDEX_TEMPORARY_COLUMN_NAME();
        boolean counted = Arrays.asList(others.fieldNames()).contains(index);
        return new ReadColumns(
                new StructType().add(all.apply(ids)), others, sources, counted ? others.fieldIndex(index) : -1);
    }

    /** Whether nothing is left for Spark's reader. */
    boolean idsAlone() {
        return others.isEmpty() && sources.length == ids.length();
    }
}
