package io.sparkmoe.spark.trace;

import java.io.Closeable;
import java.io.IOException;
import java.nio.IntBuffer;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.connector.read.PartitionReader;
import org.apache.spark.sql.vectorized.ColumnVector;
import org.apache.spark.sql.vectorized.ColumnarBatch;
import org.jspecify.annotations.Nullable;

/** Reads the same tokens of every layer file side by side: the layers of a block, ascending, then the next block. */
final class FlamePartitionReader implements PartitionReader<ColumnarBatch> {
    /** Ids of a batch: 2 MB. */
    private static final long MAX_WEIGHT = 1L << 20;

    private final FlamePartition partition;
    private final FlameScan.Factory scan;
    private final List<Closeable> open = new ArrayList<>();
    private final List<FlameLayer> layers = new ArrayList<>();
    private final @Nullable FlameStream samples;
    private final TraceBatches batches;
    private int nextBad;
    private int nextLayer;
    private long position;
    private int tokens;
    private @Nullable IntBuffer tokenIds;

    FlamePartitionReader(FlamePartition partition, FlameScan.Factory scan) {
        this.partition = partition;
        this.scan = scan;
        this.position = partition.firstRow();
        this.batches = new TraceBatches("moe_trace flame", scan.schema(), scan.facts(), MAX_WEIGHT);
        try {
            for (FlamePartition.Layer layer : partition.layers()) {
                if (layer.rows() != null) {
                    FlameStream rows = new FlameStream(layer.rows(), scan.layers());
                    layers.add(new FlameLayer(
                            rows, layer.rows().file(), scan.facts().requireTopk(), scan.weights()));
                    open.add(rows);
                }
            }
            samples = partition.samples() == null ? null : new FlameStream(partition.samples(), scan.samples());
        } catch (RuntimeException | Error e) {
            batches.close();
            throw e;
        }
        if (samples != null) {
            open.add(samples);
        }
    }

    @Override
    public boolean next() throws IOException {
        return batches.fill(this::nextRow);
    }

    private @Nullable TraceRow nextRow() throws IOException {
        if (nextBad < partition.bad().size()) {
            FlamePartition.Bad bad = partition.bad().get(nextBad++);
            return new FlameRow(partition, bad.layer(), 0, 0, 0, null, null, bad.record());
        }
        if (nextLayer == partition.layers().size()) {
            position += tokens;
            nextLayer = 0;
        }
        if (nextLayer == 0 && !beginBlock()) {
            return null;
        }
        int layer = nextLayer++;
        FlameLayer data = layers.isEmpty() ? null : layers.get(layer);
        if (data != null) {
            data.read(position, tokens);
        }
        BadRecord bad = data == null ? null : data.bad();
        if (bad != null && !scan.markBad()) {
            throw new TraceFormatException(bad.message());
        }
        int number = partition.layers().get(layer).layer();
        return new FlameRow(partition, number, position, tokens, scan.facts().requireTopk(), data, tokenIds, bad);
    }

    private boolean beginBlock() throws IOException {
        long left = partition.endRow() - position;
        tokens = (int) Math.min(left, scan.maxTokensPerRow() - position % scan.maxTokensPerRow());
        if (tokens > 0 && samples != null) {
            readTokens(samples);
        }
        return tokens > 0;
    }

    private void readTokens(FlameStream from) throws IOException {
        IntBuffer read = tokenIds == null || tokenIds.capacity() < tokens ? IntBuffer.allocate(tokens) : tokenIds;
        for (int done = 0; done < tokens; ) {
            int count = Math.min(tokens - done, from.available());
            ColumnVector column = from.column(0);
            for (int i = 0; i < count; i++) {
                int row = from.row() + i;
                if (column.isNullAt(row)) {
                    throw new TraceFormatException(partition.samples().file() + ": the token id of row "
                            + (position + done + i) + " is NULL; allowed: an int. Read without tokenIds.");
                }
                read.put(done + i, column.getInt(row));
            }
            from.advance(count);
            done += count;
        }
        tokenIds = read;
    }

    @Override
    public ColumnarBatch get() {
        return batches.batch();
    }

    @Override
    public void close() throws IOException {
        IOException first = null;
        for (Closeable one : open) {
            try {
                one.close();
            } catch (IOException e) {
                first = first == null ? e : first;
            }
        }
        batches.close();
        if (first != null) {
            throw first;
        }
    }
}
