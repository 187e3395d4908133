package io.sparkmoe.spark.scan.decode;

import io.sparkmoe.core.routing.IdType;
import io.sparkmoe.core.routing.Memory;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.parquet.column.ColumnDescriptor;
import org.apache.parquet.column.ColumnReader;
import org.apache.parquet.column.impl.ColumnReadStoreImpl;
import org.apache.parquet.column.page.PageReadStore;
import org.apache.parquet.example.DummyRecordConverter;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.metadata.BlockMetaData;
import org.apache.parquet.hadoop.metadata.ParquetMetadata;
import org.apache.parquet.io.InputFile;
import org.apache.parquet.io.SeekableInputStream;
import org.apache.parquet.schema.MessageType;

/** The id lists of a file's first column, by our decoder and by parquet-java's column reader: null lists, null ids. */
final class IdLists {
    private IdLists() {}

    /** By our decoder, in pieces of the given bounds. */
    static List<List<Integer>> decoded(
            InputFile file, ParquetMetadata footer, boolean crc, int maxRows, long maxBytes, BufferAllocator allocator)
            throws IOException {
        MessageType schema = footer.getFileMetaData().getSchema();
        IdColumn column = IdColumn.find(schema, schema.getFieldName(0), true).column();
        List<List<Integer>> out = new ArrayList<>();
        try (SeekableInputStream in = file.newStream();
                IdColumnDecoder decoder = new IdColumnDecoder("test.parquet", column, crc, allocator)) {
            int ordinal = 0;
            for (BlockMetaData block : footer.getBlocks()) {
                decoder.open(ordinal++, block.getColumns().get(0), block.getRowCount(), in);
                while (decoder.rowsLeft() > 0) {
                    decoder.read(maxRows, maxBytes);
                    collect(decoder, out);
                }
            }
        }
        return out;
    }

    private static void collect(IdColumnDecoder d, List<List<Integer>> out) {
        long[] nullRows = d.nullRows();
        long[] nullIds = d.nullIds();
        long offsets = d.offsetsAddress();
        for (int row = 0; row < d.rows(); row++) {
            int bit = d.firstRow() + row;
            int start = Memory.getInt(offsets + 4L * row);
            int end = Memory.getInt(offsets + 4L * (row + 1));
            if (nullRows != null && (nullRows[bit >> 6] >>> bit & 1) != 0) {
                out.add(null);
                continue;
            }
            List<Integer> list = new ArrayList<>();
            for (int i = start; i < end; i++) {
                int id = id(d.type(), d.idsAddress(), i);
                boolean isNull = nullIds != null && (nullIds[i >> 6] >>> i & 1) != 0;
                if (isNull && id != -1) {
                    throw new AssertionError("a NULL id is not masked in memory: " + id + " of " + d.type());
                }
                list.add(isNull ? null : (Integer) id);
            }
            out.add(list);
        }
    }

    private static int id(IdType type, long address, int i) {
        int raw = switch (type.bytes()) {
            case 1 -> Memory.getByte(address + i) & 0xff;
            case 2 -> Memory.getShort(address + 2L * i) & 0xffff;
            default -> Memory.getInt(address + 4L * i);
        };
        return type.bytes() < 4 && type.masks() && raw == type.maxId() + 1 ? -1 : raw;
    }

    /** By parquet-java. */
    static List<List<Integer>> byParquetJava(InputFile file) throws IOException {
        List<List<Integer>> out = new ArrayList<>();
        try (ParquetFileReader reader = ParquetFileReader.open(file)) {
            MessageType schema = reader.getFileMetaData().getSchema();
            ColumnDescriptor column = schema.getColumns().get(0);
            int slot =
                    IdColumn.find(schema, schema.getFieldName(0), true).column().slotDefinition();
            for (PageReadStore group = reader.readNextRowGroup(); group != null; group = reader.readNextRowGroup()) {
                ColumnReader values = new ColumnReadStoreImpl(
                                group, new DummyRecordConverter(schema).getRootConverter(), schema, "test")
                        .getColumnReader(column);
                for (long i = 0; i < values.getTotalValueCount(); i++, values.consume()) {
                    add(values, column.getMaxDefinitionLevel(), slot, out);
                }
            }
        }
        return out;
    }

    private static void add(ColumnReader values, int max, int slot, List<List<Integer>> out) {
        int definition = values.getCurrentDefinitionLevel();
        if (values.getCurrentRepetitionLevel() == 0) {
            out.add(slot == 2 && definition == 0 ? null : new ArrayList<>());
        }
        if (definition >= slot) {
            out.get(out.size() - 1).add(definition == max ? (Integer) values.getInteger() : null);
        }
    }
}
