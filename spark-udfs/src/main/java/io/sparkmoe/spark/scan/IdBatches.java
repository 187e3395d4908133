package io.sparkmoe.spark.scan;

import io.sparkmoe.spark.exec.OffsetColumn;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Iterator;
import java.util.NoSuchElementException;
import org.apache.spark.sql.vectorized.ColumnVector;
import org.apache.spark.sql.vectorized.ColumnarBatch;
import org.jspecify.annotations.Nullable;

/**
 * Batches of a split: id columns decoded here beside the other columns of Spark's batches, row by row the same rows. A
 * batch of Spark's is cut where its ids would pass the bound, and where filters have let rows in between be skipped.
 */
final class IdBatches implements Iterator<ColumnarBatch>, AutoCloseable {
    /** Bytes of the ids of a batch: what leaves them in the second cache for whoever reads them next. */
    static final long MAX_BYTES = 512 << 10;

    private static final int MAX_ROWS = 1 << 17;

    private final IdRowGroups ids;
    private final @Nullable Iterator<ColumnarBatch> others;
    private final int[] sources;
    private final int rowIndex;
    private @Nullable ColumnarBatch batch;
    private int batchRows;
    private int done;

    /**
     * @param others Spark's batches of the same rows; null where only ids are read
     * @param sources for each column, its ordinal in {@code others}, or -1 - its ordinal among the id columns
     * @param rowIndex ordinal in {@code others} of the row's number in the file; -1: all rows come
     */
    IdBatches(IdRowGroups ids, @Nullable Iterator<ColumnarBatch> others, int[] sources, int rowIndex) {
        this.ids = ids;
        this.others = others;
        this.sources = sources;
        this.rowIndex = rowIndex;
    }

    @Override
    public boolean hasNext() {
        if (batch != null && done < batchRows) {
            return true;
        }
        // Spark's reader fills the batch that it gave before anew as it is asked whether there is more.
        batch = null;
        boolean more = others == null ? idsLeft() : others.hasNext();
        if (!more) {
            close();
        }
        return more;
    }

    private boolean idsLeft() {
        try {
            return ids.hasNext();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public ColumnarBatch next() {
        if (!hasNext()) {
            throw new NoSuchElementException();
        }
        try {
            return others == null ? idsAlone() : composed(others);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private ColumnarBatch idsAlone() throws IOException {
        int rows = ids.read(MAX_ROWS, MAX_BYTES);
        ColumnVector[] columns = new ColumnVector[sources.length];
        for (int i = 0; i < columns.length; i++) {
            columns[i] = ids.column(-1 - sources[i]);
        }
        return new ColumnarBatch(columns, rows);
    }

    private ColumnarBatch composed(Iterator<ColumnarBatch> input) throws IOException {
        ColumnarBatch current = batch;
        if (current == null) {
            current = input.next();
            batch = current;
            batchRows = current.numRows();
            done = 0;
        }
        int from = done;
        int wanted = batchRows - from;
        if (rowIndex >= 0 && wanted > 0) {
            ColumnVector index = current.column(rowIndex);
            wanted = contiguous(index, from, batchRows);
            ids.seek(index.getLong(from));
        } else if (!ids.hasNext() && wanted > 0) {
            throw new IllegalStateException("Spark's reader has more rows of the split than its id columns");
        }
        int rows = wanted == 0 ? 0 : ids.read(wanted, MAX_BYTES);
        done = from + rows;
        boolean whole = rows == batchRows;
        ColumnVector[] columns = new ColumnVector[sources.length];
        for (int i = 0; i < columns.length; i++) {
            columns[i] = sources[i] < 0
                    ? ids.column(-1 - sources[i])
                    : whole ? current.column(sources[i]) : new OffsetColumn(current.column(sources[i]), from);
        }
        return new ColumnarBatch(columns, rows);
    }

    /** How many rows from one on follow each other in the file; the numbers rise. */
    private static int contiguous(ColumnVector index, int from, int to) {
        long first = index.getLong(from);
        int low = 1;
        int high = to - from;
        while (low < high) {
            int mid = (low + high + 1) >>> 1;
            if (index.getLong(from + mid - 1) - first == mid - 1) {
                low = mid;
            } else {
                high = mid - 1;
            }
        }
        return low;
    }

    @Override
    public void close() {
        batch = null;
        ids.close();
    }
}
