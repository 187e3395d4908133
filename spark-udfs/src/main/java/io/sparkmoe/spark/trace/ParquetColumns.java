package io.sparkmoe.spark.trace;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.BinaryType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.FloatType;
import org.apache.spark.sql.types.IntegerType;
import org.apache.spark.sql.types.LongType;
import org.apache.spark.sql.types.StringType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which columns of a Parquet file make the trace table: those it has, defaults and options for those it lacks, and
 * attributes for those that the trace table does not know.
 */
final class ParquetColumns implements Serializable {
    private static final long serialVersionUID = 1L;
    private static final Logger LOG = LoggerFactory.getLogger(ParquetColumns.class);

    private final StructType file;
    private final StructType trace;
    private final List<String> unknown = new ArrayList<>();

    /**
     * @param file the schema of the Parquet files
     * @throws TraceFormatException when a column that has no default is missing, or has another type
     */
    ParquetColumns(StructType file, ModelFacts facts) {
        this.file = file;
        require(TraceSchema.LAYER, "the layer of each row");
        require(TraceSchema.TOPK_IDS, "the expert ids");
        this.trace = TraceSchema.of(type(TraceSchema.TOPK_IDS));
        for (StructField field : trace.fields()) {
            if (has(field.name()) && !fits(type(field.name()), field.dataType(), field.name())) {
                throw new TraceFormatException("Parquet column " + field.name() + " is "
                        + type(field.name()).catalogString() + "; allowed: " + allowed(field)
                        + ". Cast it before writing the trace table.");
            }
        }
        if (!has(TraceSchema.TOPK)) {
            facts.requireTopk();
        }
        if (!has(TraceSchema.NUM_EXPERTS)) {
            facts.requireNumExperts();
        }
        if (!has(TraceSchema.NUM_TOKENS) && type(TraceSchema.TOPK_IDS) instanceof BinaryType) {
            throw new TraceFormatException("Parquet column num_tokens is missing, and topk_ids is packed, so that it "
                    + "cannot be told from the list's length. Add num_tokens to the files.");
        }
        collectUnknown();
    }

    private void require(String name, String what) {
        if (!has(name)) {
            throw new TraceFormatException("Parquet column " + name + " (" + what + ") is missing; the files have "
                    + Arrays.toString(file.fieldNames()) + ". Rename the column that holds it to " + name + ".");
        }
    }

    private void collectUnknown() {
        List<String> left = new ArrayList<>();
        for (StructField field : file.fields()) {
            if (!Arrays.asList(trace.fieldNames()).contains(field.name())) {
                (Scalars.isText(field.dataType()) ? unknown : left).add(field.name());
            }
        }
        if (!left.isEmpty()) {
            LOG.warn("Parquet columns {} are neither columns of the trace table nor scalars, and are left out.", left);
        }
    }

    private static boolean fits(DataType seen, DataType wanted, String name) {
        if (name.equals(TraceSchema.TOPK_IDS)) {
            return seen instanceof BinaryType
                    || (seen instanceof ArrayType list && Scalars.isInteger(list.elementType()));
        }
        if (wanted instanceof IntegerType || wanted instanceof LongType) {
            return Scalars.isInteger(seen);
        }
        if (wanted instanceof StringType) {
            return Scalars.isText(seen);
        }
        if (wanted instanceof ArrayType list) {
            DataType element = seen instanceof ArrayType array ? array.elementType() : DataTypes.NullType;
            return list.elementType() instanceof FloatType
                    ? element instanceof FloatType
                    : element instanceof IntegerType;
        }
        return DataType.equalsIgnoreNullability(seen, wanted);
    }

    private static String allowed(StructField field) {
        if (field.name().equals(TraceSchema.TOPK_IDS)) {
            return "array<tinyint>, array<smallint>, array<int>, array<bigint> or packed binary";
        }
        return field.dataType() instanceof StringType
                ? "any scalar"
                : field.dataType().catalogString();
    }

    /** The trace table with the file's own type of {@code topk_ids}. */
    StructType traceSchema() {
        return trace;
    }

    boolean has(String name) {
        return Arrays.asList(file.fieldNames()).contains(name);
    }

    DataType type(String name) {
        return file.apply(name).dataType();
    }

    /** Columns of the file that go into the attributes. */
    List<String> unknown() {
        return unknown;
    }

    /** Whether a filter on the column means the same on the file's column. */
    boolean passesThrough(String name) {
        return has(name) && type(name).equals(trace.apply(name).dataType());
    }

    /** The file's columns that the given columns of the trace table are made of. */
    StructType needed(StructType columns, boolean layerFilter, boolean tokenIds) {
        Set<String> names = new LinkedHashSet<>();
        for (String name : columns.fieldNames()) {
            switch (name.toLowerCase(Locale.ROOT)) {
                case TraceSchema.ATTRIBUTES -> {
                    names.add(name);
                    names.addAll(unknown);
                }
                case TraceSchema.NUM_TOKENS ->
                    names.addAll(has(name) ? List.of(name) : List.of(TraceSchema.TOPK_IDS, TraceSchema.TOPK));
                case TraceSchema.TOKEN_IDS -> names.addAll(tokenIds ? List.of(name) : List.of());
                default -> names.add(name);
            }
        }
        if (layerFilter) {
            names.addAll(List.of(TraceSchema.LAYER, TraceSchema.BAD));
        }
        return new StructType(Arrays.stream(file.fields())
                .filter(f -> names.contains(f.name()))
                .toArray(StructField[]::new));
    }
}
