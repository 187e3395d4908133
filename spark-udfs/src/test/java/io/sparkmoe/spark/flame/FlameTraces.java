package io.sparkmoe.spark.flame;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.parquet.column.ColumnWriteStore;
import org.apache.parquet.column.ColumnWriter;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.MessageTypeParser;

/**
 * Writes recordings in the layout of FLAME-MoE-Traces, of any size: {@code actives/iter_NNNN/layer_NN.parquet} with a row a
 * token ({@code indices list<int16>}, {@code scores list<float16>}) and {@code samples/NNN.parquet} ({@code token_id
 * int32}), as Arrow's writer names and annotates them. It writes for tests and benchmarks and is not part of the product.
 */
public final class FlameTraces {
    /** Rows of a row group that Arrow's writer makes unless told otherwise. */
    public static final int ROWS_A_GROUP = 1 << 20;

    private static final MessageType LAYER = MessageTypeParser.parseMessageType("message schema { "
            + "optional group scores (LIST) { repeated group list { optional fixed_len_byte_array(2) element (FLOAT16); } } "
            + "optional group indices (LIST) { repeated group list { optional int32 element (INTEGER(16,true)); } } }");
    private static final MessageType SAMPLE =
            MessageTypeParser.parseMessageType("message schema { optional int32 token_id; }");
    /** Definition level of an element that is there, in a list of optional elements that is optional itself. */
    private static final int DEFINED = 3;

    private static final int HALVES = 1 << 16;

    private final Path model;
    private final FlameRouting routing;
    private final long rows;
    private final int rowsAGroup;

    /** A recording under the folder {@code model}. */
    public FlameTraces(Path model, FlameRouting routing, long rows, int rowsAGroup) {
        this.model = model;
        this.routing = routing;
        this.rows = rows;
        this.rowsAGroup = rowsAGroup;
    }

    /** Where a layer's file stands. */
    public Path layerFile(int iteration, int layer) {
        return model.resolve(String.format("actives/iter_%04d/layer_%02d.parquet", iteration, layer));
    }

    /** Writes one layer of one iteration; {@code drift} is how many steps its routing has drifted. */
    public Path writeLayer(int iteration, int drift, int layer) throws IOException {
        FlameRouting.Layer tuples = routing.layer(drift, layer);
        Path file = layerFile(iteration, layer);
        try (TokenRowsFile out = new TokenRowsFile(file, LAYER)) {
            Binary[] halves = new Binary[HALVES];
            int[] tuple = new int[rowsAGroup];
            out.write(rows, rowsAGroup, (columns, from, to) -> {
                int n = (int) (to - from);
                for (int i = 0; i < n; i++) {
                    tuple[i] = routing.tuple(from + i);
                }
                writeScores(columns, tuples, tuple, n, halves);
                writeIds(columns, tuples, tuple, n);
                for (int i = 0; i < n; i++) {
                    columns.endRecord();
                }
            });
        }
        return file;
    }

    private void writeIds(ColumnWriteStore columns, FlameRouting.Layer tuples, int[] tuple, int n) {
        ColumnWriter writer = TokenRowsFile.writer(columns, LAYER, 1);
        for (int i = 0; i < n; i++) {
            for (int k = 0; k < routing.topk(); k++) {
                writer.write((int) tuples.tupleId(tuple[i], k), k == 0 ? 0 : 1, DEFINED);
            }
        }
    }

    private void writeScores(ColumnWriteStore columns, FlameRouting.Layer tuples, int[] tuple, int n, Binary[] halves) {
        ColumnWriter writer = TokenRowsFile.writer(columns, LAYER, 0);
        for (int i = 0; i < n; i++) {
            for (int k = 0; k < routing.topk(); k++) {
                int bits = tuples.tupleScore(tuple[i], k) & HALVES - 1;
                if (halves[bits] == null) {
                    halves[bits] = Binary.fromConstantByteArray(new byte[] {(byte) bits, (byte) (bits >>> 8)});
                }
                writer.write(halves[bits], k == 0 ? 0 : 1, DEFINED);
            }
        }
    }

    /** Writes the token ids in files of at most so many rows. */
    public void writeSamples(long rowsAFile) throws IOException {
        for (int f = 0; f * rowsAFile < rows; f++) {
            long first = f * rowsAFile;
            long count = Math.min(rowsAFile, rows - first);
            Path file = model.resolve(String.format("samples/%03d.parquet", f));
            try (TokenRowsFile out = new TokenRowsFile(file, SAMPLE)) {
                out.write(count, rowsAGroup, (columns, from, to) -> {
                    ColumnWriter writer = TokenRowsFile.writer(columns, SAMPLE, 0);
                    for (long row = from; row < to; row++) {
                        writer.write(routing.tokenId(first + row), 0, 1);
                        columns.endRecord();
                    }
                });
            }
        }
    }

    /** Writes the last iteration of a recording: folder [, rows a layer [, layers [, threads]]]. */
    public static void main(String[] args) throws Exception {
        Path folder = Path.of(args[0]);
        long rows = args.length > 1 ? Long.parseLong(args[1]) : 52_428_800;
        int layers = args.length > 2 ? Integer.parseInt(args[2]) : 1;
        int threads = args.length > 3 ? Integer.parseInt(args[3]) : 1;
        FlameTraces traces = new FlameTraces(folder, new FlameRouting(7, 64, 6), rows, ROWS_A_GROUP);
        ExecutorService pool = Executors.newFixedThreadPool(threads);
        try {
            List<Callable<String>> tasks = new ArrayList<>();
            for (int layer = 2; layer < 2 + layers; layer++) {
                int number = layer;
                tasks.add(() -> {
                    long start = System.nanoTime();
                    Path file = traces.writeLayer(5473, 10, number);
                    double seconds = (System.nanoTime() - start) / 1e9;
                    return String.format("%s: %,d rows, %,d bytes, %.1f s", file, rows, Files.size(file), seconds);
                });
            }
            for (Future<String> done : pool.invokeAll(tasks)) {
                System.out.println(done.get());
            }
        } finally {
            pool.shutdownNow();
        }
        traces.writeSamples(Math.max(1, rows / 8));
    }
}
