package io.sparkmoe.spark.scan.decode;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.parquet.column.ParquetProperties.WriterVersion;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.hadoop.metadata.ParquetMetadata;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files of parquet-java: what was written comes back, whatever the pages look like and however the pieces are cut. */
final class IdColumnDecoderTest {
    @TempDir
    Path folder;

    private static final List<CompressionCodecName> CODECS = List.of(
            CompressionCodecName.UNCOMPRESSED,
            CompressionCodecName.SNAPPY,
            CompressionCodecName.LZ4_RAW,
            CompressionCodecName.ZSTD,
            CompressionCodecName.GZIP);

    private void check(IdFile recipe) throws Exception {
        Path file = folder.resolve("ids.parquet");
        List<List<Integer>> written = recipe.write(file);
        InMemoryFile bytes = new InMemoryFile(Files.readAllBytes(file));
        ParquetMetadata footer;
        try (ParquetFileReader reader = ParquetFileReader.open(bytes)) {
            footer = reader.getFooter();
        }
        for (int[] bounds : new int[][] {{1 << 20, 1 << 20}, {4096, 1000}, {7, 1 << 20}}) {
            try (BufferAllocator allocator = new RootAllocator()) {
                assertThat(IdLists.decoded(bytes, footer, true, bounds[0], bounds[1], allocator))
                        .as("%s in pieces of %d rows, %d bytes", recipe, bounds[0], bounds[1])
                        .isEqualTo(written);
            }
        }
        assertThat(IdLists.byParquetJava(bytes)).isEqualTo(written);
    }

    @Test
    void everyCodecVersionAndEncoding() throws Exception {
        for (CompressionCodecName codec : CODECS) {
            for (WriterVersion version : WriterVersion.values()) {
                for (int nulls : new int[] {0, 5}) {
                    check(new IdFile(codec, version, true, 1 << 10, 3000, 0, 0, 256 - nulls, nulls, ""));
                }
            }
            check(new IdFile(codec, WriterVersion.PARQUET_1_0, false, 1 << 10, 3000, 0, 0, 256, 3, ""));
        }
    }

    @Test
    void everyLengthOfRows() throws Exception {
        for (int length : new int[] {1, 2, 3, 5, 6, 7, 8, 9, 16, 63, 64, 65, 100, 4096}) {
            check(plain(Math.max(20, 20_000 / length), length, 0, 64, 0));
        }
    }

    /** One id needs indices of no bits; 700 distinct ones 10 bits and uint16; negative ones int32. */
    @Test
    void everyWidthOfIds() throws Exception {
        for (int ids : new int[] {1, 2, 3, 5, 9, 17, 33, 60, 64, 65, 128, 129, 255, 256, 257, 384, 512, 700, 1025}) {
            check(plain(4000, 8, 0, ids, 0));
            check(plain(4000, 0, 0, ids, 4));
            check(plain(2000, 0, -1, ids, 0));
        }
        check(plain(3000, 6, 65_000, 536, 0));
        check(plain(3000, 6, 65_000, 536, 2));
        check(plain(3000, 6, 100_000, 300, 2));
        check(plain(3000, 6, -5, 300, 0));
        check(new IdFile(
                CompressionCodecName.SNAPPY, WriterVersion.PARQUET_1_0, true, 1 << 20, 30_000, 8, 0, 40_000, 0, ""));
    }

    @Test
    void manyNulls() throws Exception {
        for (int nulls : new int[] {1, 50, 97, 100}) {
            check(plain(5000, 0, 0, 64, nulls));
            check(plain(200, 300, 0, 300, nulls));
        }
    }

    @Test
    void narrowDeclaredTypes() throws Exception {
        for (String type : List.of(" (INTEGER(8,true))", " (INTEGER(16,true))", " (INTEGER(16,false))")) {
            check(new IdFile(
                    CompressionCodecName.SNAPPY, WriterVersion.PARQUET_1_0, true, 1 << 10, 2000, 0, -1, 100, 2, type));
        }
    }

    /** A slice of 65,536 values ends inside of rows, and rows longer than a slice go over several. */
    @Test
    void rowsOverSlicesAndPages() throws Exception {
        check(new IdFile(
                CompressionCodecName.SNAPPY, WriterVersion.PARQUET_1_0, true, 1 << 20, 30, 50_000, 0, 7, 0, ""));
        check(new IdFile(
                CompressionCodecName.SNAPPY, WriterVersion.PARQUET_2_0, true, 1 << 20, 4, 150_001, 0, 200, 1, ""));
    }

    @Test
    void rowsAreSkipped() throws Exception {
        Path file = folder.resolve("skip.parquet");
        List<List<Integer>> written = plain(6000, 0, 0, 64, 3).write(file);
        InMemoryFile bytes = new InMemoryFile(Files.readAllBytes(file));
        try (BufferAllocator allocator = new RootAllocator();
                ParquetFileReader reader = ParquetFileReader.open(bytes)) {
            var block = reader.getRowGroups().get(0);
            IdColumn column = IdColumn.find(reader.getFileMetaData().getSchema(), "topk_ids", true)
                    .column();
            List<Integer> lengths = new ArrayList<>();
            List<Integer> expected = new ArrayList<>();
            try (IdColumnDecoder decoder = new IdColumnDecoder("skip.parquet", column, false, allocator);
                    var in = bytes.newStream()) {
                decoder.open(0, block.getColumns().get(0), block.getRowCount(), in);
                int row = 0;
                for (int step = 1; row + 2 * step < block.getRowCount(); row += step, step += 13) {
                    decoder.skip(step);
                    row += step;
                    decoder.read(1, 1);
                    lengths.add(decoder.ids());
                    expected.add(written.get(row) == null ? 0 : written.get(row).size());
                    decoder.skip(step - 1);
                }
            }
            assertThat(lengths).hasSizeGreaterThan(5).isEqualTo(expected);
        }
    }

    private static IdFile plain(int rows, int length, int least, int ids, int nulls) {
        return new IdFile(
                CompressionCodecName.SNAPPY,
                WriterVersion.PARQUET_1_0,
                true,
                4 << 10,
                rows,
                length,
                least,
                ids,
                nulls,
                "");
    }
}
