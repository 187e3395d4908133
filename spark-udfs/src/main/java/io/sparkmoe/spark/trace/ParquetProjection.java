package io.sparkmoe.spark.trace;

import java.io.Serializable;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.spark.sql.sources.Filter;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.StringType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.vectorized.ColumnVector;
import org.apache.spark.sql.vectorized.ColumnarBatch;
import org.jspecify.annotations.Nullable;

/**
 * Makes batches of the trace table out of batches of Spark's Parquet scan.
 *
 * @param read the columns of the Parquet batches, in their order
 * @param wanted the columns of the trace table asked for
 * @param layerFilters filters on the layer that are applied here, so that they hide no marked row
 */
record ParquetProjection(
        ParquetColumns columns,
        StructType read,
        StructType wanted,
        ModelFacts facts,
        TraceOptions options,
        java.util.List<Filter> layerFilters)
        implements Serializable {
    private static final long serialVersionUID = 1L;

    ColumnarBatch apply(ColumnarBatch batch, String file) {
        ColumnVector[] out = new ColumnVector[wanted.length()];
        for (int i = 0; i < out.length; i++) {
            out[i] = column(wanted.apply(i), batch, file);
        }
        if (layerFilters.isEmpty()) {
            return new ColumnarBatch(out, batch.numRows());
        }
        int[] rows = select(batch);
        if (rows.length < batch.numRows()) {
            for (int i = 0; i < out.length; i++) {
                out[i] = TraceViews.selected(out[i], rows);
            }
        }
        return new ColumnarBatch(out, rows.length);
    }

    private int[] select(ColumnarBatch batch) {
        LayerFilter filter = new LayerFilter(layerFilters.toArray(Filter[]::new));
        ColumnVector layer = of(TraceSchema.LAYER, batch);
        ColumnVector bad = of(TraceSchema.BAD, batch);
        int[] rows = new int[batch.numRows()];
        int n = 0;
        for (int row = 0; row < rows.length; row++) {
            boolean marked = !bad.isNullAt(row);
            if (marked || (!layer.isNullAt(row) && filter.test((int) Scalars.integer(layer, row)))) {
                rows[n++] = row;
            }
        }
        return Arrays.copyOf(rows, n);
    }

    private @Nullable ColumnVector of(String name, ColumnarBatch batch) {
        int at = Arrays.asList(read.fieldNames()).indexOf(name);
        return at < 0 ? null : batch.column(at);
    }

    private ColumnVector column(StructField field, ColumnarBatch batch, String file) {
        String name = field.name();
        ColumnVector own = of(name, batch);
        int rows = batch.numRows();
        if (name.equals(TraceSchema.ATTRIBUTES)
                && (own == null || !columns.unknown().isEmpty())) {
            Map<String, ColumnVector> unknown = new LinkedHashMap<>();
            columns.unknown().forEach(u -> unknown.put(u, of(u, batch)));
            return TraceViews.attributes(rows, own, unknown);
        }
        if (name.equals(TraceSchema.TOKEN_IDS) && !options.tokenIds()) {
            return TraceViews.constant(rows, field.dataType(), null);
        }
        if (own != null) {
            return converted(field.dataType(), own);
        }
        if (name.equals(TraceSchema.NUM_TOKENS)) {
            ColumnVector topk = of(TraceSchema.TOPK, batch);
            return TraceViews.numTokens(
                    of(TraceSchema.TOPK_IDS, batch),
                    topk == null
                            ? TraceViews.constant(rows, field.dataType(), facts.requireTopk())
                            : TraceViews.integer(field.dataType(), topk),
                    file,
                    options.markBad());
        }
        return TraceViews.constant(rows, field.dataType(), defaultOf(name, file));
    }

    private static ColumnVector converted(DataType type, ColumnVector own) {
        if (own.dataType().equals(type)) {
            return own;
        }
        if (Scalars.isInteger(type)) {
            return TraceViews.integer(type, own);
        }
        return type instanceof StringType ? TraceViews.text(own) : own;
    }

    private @Nullable Object defaultOf(String name, String file) {
        return switch (name) {
            case TraceSchema.SOURCE -> file;
            case TraceSchema.CHOICE, TraceSchema.FIRST_POSITION -> 0;
            case TraceSchema.NUM_EXPERTS -> facts.requireNumExperts();
            case TraceSchema.TOPK -> facts.requireTopk();
            case TraceSchema.SLOT_ORDER -> "unspecified";
            case TraceSchema.ID_SPACE -> "logical";
            default -> null;
        };
    }
}
