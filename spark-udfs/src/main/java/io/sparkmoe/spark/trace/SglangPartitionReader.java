package io.sparkmoe.spark.trace;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.connector.read.PartitionReader;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.util.ArrowUtils;
import org.apache.spark.sql.vectorized.ArrowColumnVector;
import org.apache.spark.sql.vectorized.ColumnVector;
import org.apache.spark.sql.vectorized.ColumnarBatch;
import org.jspecify.annotations.Nullable;

/**
 * Reads the slices of one task into Arrow batches of bounded size. A batch is valid until the next one is asked for; its
 * memory is a child of Spark's Arrow allocator and goes back on close, which Spark calls however the task ends.
 */
final class SglangPartitionReader implements PartitionReader<ColumnarBatch> {
    private static final int MAX_ROWS = 4096;
    /** Ids of a batch, or as many pairs of bytes of marked records. */
    private static final long MAX_WEIGHT = 4L << 20;

    private final SlicePartition partition;
    private final SglangScan scan;
    private final Configuration conf;
    private final BufferAllocator allocator;
    private final List<TraceColumns.Column> columns = new ArrayList<>();
    private final ColumnarBatch batch;
    private @Nullable SglangRecords records;
    private @Nullable TraceSequence sequence;
    private int nextSlice;
    private int position;
    private int layer;
    private @Nullable TraceRow row;

    SglangPartitionReader(SlicePartition partition, SglangScan scan, Configuration conf) {
        this.partition = partition;
        this.scan = scan;
        this.conf = conf;
        this.allocator = ArrowUtils.rootAllocator().newChildAllocator("moe_trace sglang", 0, Long.MAX_VALUE);
        try {
            for (StructField field : scan.readSchema().fields()) {
                columns.add(TraceColumns.of(field, scan.facts(), allocator));
            }
            this.batch = new ColumnarBatch(
                    columns.stream().map(c -> new ArrowColumnVector(c.vector())).toArray(ColumnVector[]::new));
        } catch (RuntimeException | Error e) {
            release();
            throw e;
        }
    }

    @Override
    public boolean next() throws IOException {
        columns.forEach(c -> c.vector().reset());
        int rows = 0;
        long weight = 0;
        while (rows < MAX_ROWS && (row != null || (row = nextRow()) != null)) {
            long more = weight(row);
            if (rows > 0 && weight + more > MAX_WEIGHT) {
                break;
            }
            for (TraceColumns.Column column : columns) {
                column.write(rows, row);
            }
            row = null;
            rows++;
            weight += more;
        }
        for (TraceColumns.Column column : columns) {
            column.finish(rows);
        }
        batch.setNumRows(rows);
        return rows > 0;
    }

    private long weight(TraceRow of) {
        return of.bad() == null
                ? (long) of.numTokens() * scan.facts().requireTopk()
                : of.bad().bytes().capacity() / 2;
    }

    /** The layers of a block follow each other, ascending; then comes the next block. */
    private @Nullable TraceRow nextRow() throws IOException {
        while (true) {
            if (sequence == null || position >= sequence.end() || scan.layers().size() == 0) {
                SglangRecords.Item item = nextItem();
                if (item == null) {
                    return null;
                }
                if (item.bad() != null) {
                    return bad(item.bad());
                }
                sequence = item.sequence();
                position = sequence.start();
                layer = 0;
                continue;
            }
            int end = sequence.blockEnd(position, scan.options().maxTokensPerRow());
            TraceRow made = new TraceRow(sequence, null, scan.layers().get(layer), position, end - position);
            if (++layer == scan.layers().size()) {
                layer = 0;
                position = end;
            }
            return made;
        }
    }

    private TraceRow bad(BadRecord bad) {
        if (!scan.options().markBad()) {
            throw new TraceFormatException(bad.message());
        }
        return TraceRow.bad(bad);
    }

    private SglangRecords.@Nullable Item nextItem() throws IOException {
        while (true) {
            if (records != null) {
                SglangRecords.Item item = records.next();
                if (item != null) {
                    return item;
                }
                records.close();
                records = null;
            }
            if (nextSlice == partition.slices().size()) {
                return null;
            }
            records = new SglangRecords(partition.slices().get(nextSlice++), scan.options(), scan.facts(), conf);
        }
    }

    @Override
    public ColumnarBatch get() {
        return batch;
    }

    @Override
    public void close() throws IOException {
        try {
            if (records != null) {
                records.close();
                records = null;
            }
        } finally {
            release();
        }
    }

    private void release() {
        columns.forEach(c -> c.vector().close());
        allocator.close();
    }
}
