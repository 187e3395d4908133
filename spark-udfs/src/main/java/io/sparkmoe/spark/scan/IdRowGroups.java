package io.sparkmoe.spark.scan;

import io.sparkmoe.spark.exec.ScannedIds;
import io.sparkmoe.spark.scan.decode.IdColumnDecoder;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.parquet.hadoop.metadata.BlockMetaData;
import org.apache.parquet.io.SeekableInputStream;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.util.ArrowUtils;
import org.apache.spark.sql.vectorized.ColumnVector;

/** The id columns of a split's row groups, read forward in step. Rows count from the file's first. */
final class IdRowGroups implements AutoCloseable {
    private final IdSplit split;
    private final StructType types;
    private final ScanMetrics metrics;
    private final BufferAllocator allocator;
    private final List<IdColumnDecoder> decoders = new ArrayList<>();
    private final List<SeekableInputStream> streams = new ArrayList<>();
    private int block = -1;
    private long row;
    private long end;
    private boolean closed;

    IdRowGroups(IdSplit split, StructType types, ScanMetrics metrics) throws IOException {
        this.split = split;
        this.types = types;
        this.metrics = metrics;
        this.allocator = ArrowUtils.rootAllocator().newChildAllocator("spark-moe-scan", 0, Long.MAX_VALUE);
        try {
            for (int i = 0; i < types.length(); i++) {
                decoders.add(new IdColumnDecoder(
                        split.file().toString(), split.columns().get(i), split.verifyCrc(), allocator));
                streams.add(split.file().newStream());
            }
        } catch (IOException | RuntimeException | Error e) {
            close();
            throw e;
        }
    }

    /** Whether a row of the split is left; goes on to its row group. */
    boolean hasNext() throws IOException {
        while (row == end && block + 1 < split.blocks().size()) {
            open(block + 1);
        }
        return row < end;
    }

    /** Goes forward to a row of the file, by whole row groups and by rows. */
    void seek(long wanted) throws IOException {
        int to = Math.max(block, 0);
        while (wanted >= first(to) + split.blocks().get(to).getRowCount()) {
            to++;
        }
        if (to != block) {
            open(to);
        }
        if (wanted > row) {
            long start = System.nanoTime();
            for (IdColumnDecoder decoder : decoders) {
                decoder.skip(wanted - row);
            }
            metrics.decoded(0, System.nanoTime() - start);
            row = wanted;
        }
    }

    /** Decodes the next rows of the row group in hand, at least one, and answers how many. */
    int read(int maxRows, long maxBytes) throws IOException {
        long start = System.nanoTime();
        int rows = (int) Math.min(maxRows, end - row);
        long bytes = maxBytes;
        long ids = 0;
        for (IdColumnDecoder decoder : decoders) {
            decoder.read(rows, bytes);
            // The first column's bytes decide how many rows there are; the others give as many.
            rows = decoder.rows();
            bytes = Long.MAX_VALUE;
            ids += decoder.ids();
        }
        row += rows;
        metrics.decoded(ids, System.nanoTime() - start);
        return rows;
    }

    /** The column of what was read last. */
    ColumnVector column(int i) {
        IdColumnDecoder d = decoders.get(i);
        return new ScannedIds(
                (ArrayType) types.apply(i).dataType(),
                d.rows(),
                d.offsetsAddress(),
                d.idsAddress(),
                d.type(),
                d.nullRows(),
                d.firstRow(),
                d.nullIds());
    }

    private long first(int at) {
        long offset = split.blocks().get(at).getRowIndexOffset();
        if (offset >= 0) {
            return offset;
        }
        throw new IllegalStateException(split.file() + ": the footer does not tell the first row of a row group");
    }

    private void open(int at) throws IOException {
        BlockMetaData to = split.blocks().get(at);
        block = at;
        row = first(at);
        end = row + to.getRowCount();
        for (int i = 0; i < decoders.size(); i++) {
            decoders.get(i)
                    .open(
                            to.getOrdinal() >= 0 ? to.getOrdinal() : at,
                            IdSplit.chunk(to, split.columns().get(i)),
                            to.getRowCount(),
                            streams.get(i));
        }
        metrics.rowGroup();
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        decoders.forEach(IdColumnDecoder::close);
        allocator.close();
        for (SeekableInputStream stream : streams) {
            try {
                stream.close();
            } catch (IOException e) {
                // Nothing was written; what was read has been checked.
            }
        }
    }
}
