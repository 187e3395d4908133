package io.sparkmoe.spark.scan.decode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.parquet.column.ParquetProperties.WriterVersion;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.metadata.ColumnChunkMetaData;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.hadoop.metadata.ParquetMetadata;
import org.apache.parquet.schema.MessageTypeParser;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What messages say of damaged files, and which columns are not taken. */
final class DamagedFilesTest {
    @TempDir
    Path folder;

    private byte[] bytes;
    private ParquetMetadata footer;
    private ColumnChunkMetaData chunk;

    @BeforeEach
    void write() throws IOException {
        Path file = folder.resolve("ids.parquet");
        new IdFile(CompressionCodecName.UNCOMPRESSED, WriterVersion.PARQUET_1_0, true, 1 << 10, 400, 6, 0, 60, 0, "")
                .write(file);
        bytes = Files.readAllBytes(file);
        try (ParquetFileReader reader = ParquetFileReader.open(new InMemoryFile(bytes))) {
            footer = reader.getFooter();
        }
        chunk = footer.getBlocks().get(0).getColumns().get(0);
    }

    private void read(byte[] damaged, boolean crc) throws IOException {
        try (BufferAllocator allocator = new RootAllocator()) {
            IdLists.decoded(new InMemoryFile(damaged), footer, crc, 1000, 1 << 20, allocator);
        }
    }

    @Test
    void checksumsAreComparedWhereAsked() throws IOException {
        byte[] damaged = bytes.clone();
        damaged[(int) (chunk.getStartingPos() + chunk.getTotalSize() - 20)] ^= 1;
        read(damaged, false);
        assertThatThrownBy(() -> read(damaged, true))
                .isInstanceOf(MalformedParquetException.class)
                .hasMessageContainingAll("test.parquet", "topk_ids.list.element", "row group 0", "checksum");
    }

    @Test
    void aFileThatWasCut() {
        byte[] cut = Arrays.copyOf(bytes, (int) (chunk.getStartingPos() + chunk.getTotalSize() / 2));
        assertThatThrownBy(() -> read(cut, false))
                .isInstanceOf(MalformedParquetException.class)
                .hasMessageContainingAll("row group 0, page", "the file ends before the column chunk does");
    }

    /** Indices of 6 bits may say 63, and the dictionary has 60 ids. */
    @Test
    void indicesBehindTheDictionary() {
        byte[] damaged = bytes.clone();
        int end = (int) (chunk.getStartingPos() + chunk.getTotalSize());
        Arrays.fill(damaged, end - 40, end, (byte) 0xff);
        assertThatThrownBy(() -> read(damaged, false))
                .isInstanceOf(MalformedParquetException.class)
                .hasMessageContainingAll("dictionary index", "below 60");
    }

    @Test
    void columnsThatAreNotTaken() {
        String[] schemas = {
            "repeated int32 topk_ids;",
            "optional int32 topk_ids;",
            "optional group topk_ids (LIST) { repeated int32 array; }",
            "optional group topk_ids (LIST) { repeated group array { optional int32 element; } }",
            "optional group topk_ids (LIST) { repeated group topk_ids_tuple { optional int32 element; } }",
            "optional group topk_ids (LIST) { repeated group list { optional int64 element; } }",
            "optional group topk_ids (LIST) { repeated group list { optional int32 element (DATE); } }",
            "optional group topk_ids (LIST) { repeated group list { optional int32 a; optional int32 b; } }",
            "optional group topk_ids (LIST) { repeated group list { optional group element (LIST) { repeated group list { "
                    + "optional int32 element; } } } }",
            "optional int32 other;",
            "optional group topk_ids (LIST) { repeated group list { optional int32 element; } } optional int32 TOPK_IDS;"
        };
        for (String fields : schemas) {
            IdColumn.Found found = IdColumn.find(
                    MessageTypeParser.parseMessageType("message m { " + fields + " }"), "topk_ids", false);
            assertThat(found.column()).as(fields).isNull();
            assertThat(found.reason()).as(fields).isNotEmpty();
        }
    }
}
