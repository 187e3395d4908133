package io.sparkmoe.spark.scan.decode;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.apache.parquet.column.ParquetProperties.WriterVersion;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroup;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.example.ExampleParquetWriter;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.io.LocalOutputFile;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.MessageTypeParser;

/**
 * A recipe of a file with one id column, written by parquet-java.
 *
 * @param length ids of a row; 0: 0 to 11 ids
 * @param least smallest id
 * @param ids number of distinct ids
 * @param nulls percentage of NULL rows and of NULL ids
 */
record IdFile(
        CompressionCodecName codec,
        WriterVersion version,
        boolean dictionary,
        int pageBytes,
        int rows,
        int length,
        int least,
        int ids,
        int nulls,
        String logicalType) {
    private static final String SCHEMA =
            "message m { %s group topk_ids (LIST) { repeated group list { %s int32 element%s; } } }";

    MessageType schema() {
        String kind = nulls > 0 ? "optional" : "required";
        return MessageTypeParser.parseMessageType(String.format(SCHEMA, kind, kind, logicalType));
    }

    /** Writes the file and returns its rows. */
    List<List<Integer>> write(Path to) throws IOException {
        List<List<Integer>> written = new ArrayList<>();
        SplittableRandom random = new SplittableRandom(rows + ids);
        Files.deleteIfExists(to);
        try (ParquetWriter<Group> writer = ExampleParquetWriter.builder(new LocalOutputFile(to))
                .withType(schema())
                .withCompressionCodec(codec)
                .withWriterVersion(version)
                .withDictionaryEncoding(dictionary)
                .withPageSize(pageBytes)
                .withRowGroupSize(64L << 10)
                .build()) {
            for (int row = 0; row < rows; row++) {
                List<Integer> ids = row(random);
                writer.write(group(ids));
                written.add(ids);
            }
        }
        return written;
    }

    private List<Integer> row(SplittableRandom random) {
        if (random.nextInt(100) < nulls) {
            return null;
        }
        int n = length > 0 ? length : random.nextInt(12);
        List<Integer> list = new ArrayList<>();
        for (int i = 0; i < n; i++) {
            list.add(random.nextInt(100) < nulls ? null : (Integer) (least + random.nextInt(ids)));
        }
        return list;
    }

    private Group group(List<Integer> ids) {
        Group group = new SimpleGroup(schema());
        if (ids != null) {
            Group list = group.addGroup("topk_ids");
            for (Integer id : ids) {
                Group element = list.addGroup("list");
                if (id != null) {
                    element.append("element", id);
                }
            }
        }
        return group;
    }
}
