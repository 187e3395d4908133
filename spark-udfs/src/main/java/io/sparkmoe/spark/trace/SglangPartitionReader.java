package io.sparkmoe.spark.trace;

import java.io.IOException;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.connector.read.PartitionReader;
import org.apache.spark.sql.vectorized.ColumnarBatch;
import org.jspecify.annotations.Nullable;

/** Reads the slices of one task into Arrow batches. Spark closes it however the task ends. */
final class SglangPartitionReader implements PartitionReader<ColumnarBatch> {
    private static final long MAX_WEIGHT = 4L << 20;

    private final SlicePartition partition;
    private final SglangScan scan;
    private final Configuration conf;
    private final TraceBatches batches;
    private @Nullable SglangRecords records;
    private @Nullable TraceSequence sequence;
    private int nextSlice;
    private int position;
    private int layer;

    SglangPartitionReader(SlicePartition partition, SglangScan scan, Configuration conf) {
        this.partition = partition;
        this.scan = scan;
        this.conf = conf;
        this.batches = new TraceBatches("moe_trace sglang", scan.readSchema(), scan.facts(), MAX_WEIGHT);
    }

    @Override
    public boolean next() throws IOException {
        return batches.fill(this::nextRow);
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
            TraceRow made = new SglangRow(
                    sequence,
                    null,
                    scan.layers().get(layer),
                    position,
                    end - position,
                    scan.facts().requireTopk());
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
        return SglangRow.bad(bad);
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
        return batches.batch();
    }

    @Override
    public void close() throws IOException {
        try {
            if (records != null) {
                records.close();
                records = null;
            }
        } finally {
            batches.close();
        }
    }
}
