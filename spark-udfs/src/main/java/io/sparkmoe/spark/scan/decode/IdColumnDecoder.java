package io.sparkmoe.spark.scan.decode;

import io.sparkmoe.core.routing.IdType;
import java.io.EOFException;
import java.io.IOException;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.parquet.column.Encoding;
import org.apache.parquet.hadoop.metadata.ColumnChunkMetaData;
import org.apache.parquet.io.SeekableInputStream;
import org.jspecify.annotations.Nullable;

/**
 * Decodes the id lists of one column, row group by row group, into contiguous ids and offsets, in pieces bounded by rows
 * and bytes. Memory: a page as it is stored and as it is decompressed, and the piece in hand. Not thread-safe.
 *
 * <pre>{@code
 * decoder.open(rowGroup, chunk, rows, stream);
 * while (decoder.rowsLeft() > 0) {
 *     decoder.read(4096, 4 << 20);
 *     // decoder.rows() rows: offsetsAddress(), idsAddress(), type()
 * }
 * }</pre>
 */
public final class IdColumnDecoder implements AutoCloseable {
    private final String file;
    private final IdColumn column;
    private final ChunkPages pages;
    private final Levels levels;
    private final FixedRows fixed = new FixedRows();
    private final IndexReader indices = new IndexReader();
    private final PlainReader plain;
    private final IdBuffer buffer;

    private int rowGroup;
    private @Nullable IdDictionary dictionary;
    private IdReader reader = indices;
    private long valuesLeft;
    private int pageValuesLeft;
    private long rowsLeft;
    private int from;
    private int to;

    /**
     * @param file for messages
     * @param verifyCrc whether pages that carry a checksum are checked against it
     */
    public IdColumnDecoder(String file, IdColumn column, boolean verifyCrc, BufferAllocator allocator) {
        this.file = file;
        this.column = column;
        this.pages = new ChunkPages(verifyCrc);
        this.levels = new Levels(column);
        this.plain = new PlainReader(column);
        this.buffer = new IdBuffer(allocator);
    }

    /** Why a column chunk cannot be decoded here, or null if it can, as far as the footer tells. */
    public static @Nullable String unsupported(ColumnChunkMetaData chunk) {
        if (chunk.isEncrypted()) {
            return "encrypted";
        }
        if (!PageCodec.supports(chunk.getCodec())) {
            return "codec " + chunk.getCodec();
        }
        for (Encoding encoding : chunk.getEncodings()) {
            switch (encoding) {
                case PLAIN, PLAIN_DICTIONARY, RLE_DICTIONARY, RLE -> {}
                default -> {
                    return "encoding " + encoding;
                }
            }
        }
        return null;
    }

    /**
     * Starts a row group; what is left of the one before is dropped.
     *
     * @param ordinal of the row group, for messages
     */
    public void open(int ordinal, ColumnChunkMetaData chunk, long rows, SeekableInputStream stream) throws IOException {
        rowGroup = ordinal;
        rowsLeft = rows;
        valuesLeft = chunk.getValueCount();
        pageValuesLeft = 0;
        dictionary = null;
        from = 0;
        to = 0;
        buffer.clear();
        fixed.reset();
        pages.reset(stream, chunk);
        if (valuesLeft < rows) {
            throw new MalformedParquetException(
                    file,
                    column.name(),
                    ordinal,
                    0,
                    "the footer says " + valuesLeft + " values of " + rows + " rows",
                    null);
        }
    }

    /** Rows of the row group that {@link #read} has not yet answered. */
    public long rowsLeft() {
        return rowsLeft;
    }

    /**
     * Decodes the next rows: at most {@code maxRows}, as many as fit {@code maxBytes} of ids, at least one where one is left.
     * What the previous call answered is gone.
     *
     * @throws MalformedParquetException naming file, column, row group and page
     */
    public void read(int maxRows, long maxBytes) throws IOException {
        try {
            fill(maxRows, maxBytes);
        } catch (EOFException e) {
            throw malformed("the file ends before the column chunk does", e);
        } catch (PageException | IndexOutOfBoundsException e) {
            throw malformed(e.getMessage(), e);
        }
        rowsLeft -= to - from;
    }

    private MalformedParquetException malformed(String problem, Exception e) {
        return new MalformedParquetException(file, column.name(), rowGroup, pages.page, problem, e);
    }

    /** Leaves rows out. */
    public void skip(long rows) throws IOException {
        for (long left = rows; left > 0; left -= rows()) {
            read((int) Math.min(left, Integer.MAX_VALUE), Levels.SLICE);
        }
    }

    /** Rows of the piece. */
    public int rows() {
        return to - from;
    }

    /** Ids of the piece, NULL ones included. */
    public int ids() {
        return buffer.start(to) - buffer.start(from);
    }

    /** Type of the piece's ids. Slots of NULL ids hold the masked code. */
    public IdType type() {
        return buffer.type();
    }

    /** Address of int32 offsets [rows + 1]: row r has the ids [offsets[r], offsets[r + 1]); the first need not be 0. */
    public long offsetsAddress() {
        return buffer.offsetsAddress() + 4L * from;
    }

    /** Address of the id at offset 0. */
    public long idsAddress() {
        return buffer.idsAddress();
    }

    /** Bit {@link #firstRow} + r is set where row r is NULL; null: none is. */
    public long @Nullable [] nullRows() {
        return buffer.nullRows();
    }

    /** Which bit of {@link #nullRows} belongs to the piece's first row. */
    public int firstRow() {
        return from;
    }

    /** Bit i is set where the id at offset i is NULL; null: none is. */
    public long @Nullable [] nullIds() {
        return buffer.nullIds();
    }

    private void fill(int maxRows, long maxBytes) throws IOException {
        from = to;
        if (rowsLeft > 0 && !enough(maxRows, maxBytes)) {
            buffer.drop(from);
            from = 0;
            do {
                step();
            } while (!enough(maxRows, maxBytes));
        }
        to = from + Math.min(maxRows, closed());
        while (to - from > 1 && bytes(from, to) > maxBytes) {
            to = from + lastThatFits(maxBytes);
        }
    }

    /** Rows that are complete: the last one is once the row group's values are over. */
    private int closed() {
        return Math.max(0, buffer.rows() - from - (valuesLeft > 0 ? 1 : 0));
    }

    private boolean enough(int maxRows, long maxBytes) {
        int closed = closed();
        return valuesLeft == 0 || closed >= maxRows || (closed > 0 && bytes(from, buffer.rows()) >= maxBytes);
    }

    private long bytes(int first, int last) {
        return (long) (buffer.start(last) - buffer.start(first)) * buffer.type().bytes();
    }

    private int lastThatFits(long maxBytes) {
        int low = 1;
        int high = to - from - 1;
        while (low < high) {
            int mid = (low + high + 1) >>> 1;
            if (bytes(from, from + mid) <= maxBytes) {
                low = mid;
            } else {
                high = mid - 1;
            }
        }
        return low;
    }

    /** Decodes one slice of the page in hand. */
    private void step() throws IOException {
        while (pageValuesLeft == 0) {
            page();
        }
        int n = Math.min(pageValuesLeft, Levels.SLICE);
        levels.next(n);
        buffer.add(levels, fixed, reader);
        pageValuesLeft -= n;
        valuesLeft -= n;
        long rows = buffer.rows() - from;
        if (rows > rowsLeft || (valuesLeft == 0 && rows < rowsLeft)) {
            throw new PageException("the column chunk has " + (rows > rowsLeft ? "more" : "fewer")
                    + " rows than its row group, by " + Math.abs(rows - rowsLeft) + " so far");
        }
    }

    private void page() throws IOException {
        pages.next();
        PageHeader h = pages.header;
        if (h.type == PageHeader.DICTIONARY) {
            if (dictionary != null) {
                throw new PageException("a second dictionary; allowed: one a column chunk");
            }
            dictionary = new IdDictionary(pages.bytes, pages.from, pages.to, h.values, column);
            return;
        }
        if (h.values > valuesLeft) {
            throw new PageException("its header says " + h.values + " values; allowed: the " + valuesLeft
                    + " left of the column chunk");
        }
        int values = h.type == PageHeader.DATA ? levelsV1() : levelsV2();
        pageValuesLeft = h.values;
        if (!h.usesDictionary()) {
            plain.reset(pages.bytes, values, pages.to);
            reader = plain;
        } else if (dictionary == null) {
            throw new PageException("its ids are dictionary indices, and no dictionary came before it");
        } else {
            indices.reset(pages.bytes, values, pages.to, dictionary);
            reader = indices;
        }
    }

    /** Levels that each have their length before them; answers where the values begin. */
    private int levelsV1() {
        int repetition = pages.from + 4;
        int definition = repetition + length(pages.from) + 4;
        int values = definition + length(definition - 4);
        levels.reset(pages.bytes, repetition, definition - 4, definition, values);
        return values;
    }

    private int length(int at) {
        if (pages.to - at < 4) {
            throw new PageException("it ends before its levels do");
        }
        int length = PageBytes.getInt(pages.bytes, at);
        if (length < 0 || length > pages.to - at - 4) {
            throw new PageException("its levels have " + length + " bytes; allowed: 0 to " + (pages.to - at - 4)
                    + ", what the page has");
        }
        return length;
    }

    private int levelsV2() {
        int definition = pages.from + pages.header.repetitionBytes;
        int values = definition + pages.header.definitionBytes;
        levels.reset(pages.bytes, pages.from, definition, definition, values);
        return values;
    }

    @Override
    public void close() {
        pages.close();
        buffer.close();
    }
}
