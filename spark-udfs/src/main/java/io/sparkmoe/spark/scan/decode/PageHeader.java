package io.sparkmoe.spark.scan.decode;

import java.io.IOException;

/** The fields of Parquet's PageHeader that reading a column needs. */
final class PageHeader {
    static final int DATA = 0;
    static final int DICTIONARY = 2;
    static final int DATA_V2 = 3;

    static final int PLAIN = 0;
    static final int PLAIN_DICTIONARY = 2;
    static final int RLE = 3;
    static final int RLE_DICTIONARY = 8;

    int type = -1;
    int uncompressedSize = -1;
    int compressedSize = -1;
    boolean hasCrc;
    int crc;
    int values = -1;
    int encoding = -1;
    int definitionEncoding = RLE;
    int repetitionEncoding = RLE;
    int definitionBytes;
    int repetitionBytes;
    boolean compressed = true;

    /** Reads the header that begins at the chunk's next byte, and checks what it says against the chunk. */
    static PageHeader read(ChunkInput in, long uncompressedChunk) throws IOException {
        PageHeader h = new PageHeader();
        CompactStruct struct = new CompactStruct(in);
        for (int field = struct.next(); field != 0; field = struct.next()) {
            switch (field) {
                case 1 -> h.type = struct.integer();
                case 2 -> h.uncompressedSize = struct.integer();
                case 3 -> h.compressedSize = struct.integer();
                case 4 -> {
                    h.crc = struct.integer();
                    h.hasCrc = true;
                }
                case 5 -> h.data(struct);
                case 7 -> h.dictionary(struct);
                case 8 -> h.dataV2(struct);
                default -> struct.skip();
            }
        }
        h.check(in.left(), uncompressedChunk);
        return h;
    }

    boolean isData() {
        return type == DATA || type == DATA_V2;
    }

    boolean usesDictionary() {
        return encoding == PLAIN_DICTIONARY || encoding == RLE_DICTIONARY;
    }

    private void data(CompactStruct struct) throws IOException {
        int outer = open(struct);
        for (int field = struct.next(); field != 0; field = struct.next()) {
            switch (field) {
                case 1 -> values = struct.integer();
                case 2 -> encoding = struct.integer();
                case 3 -> definitionEncoding = struct.integer();
                case 4 -> repetitionEncoding = struct.integer();
                default -> struct.skip();
            }
        }
        struct.leave(outer);
    }

    private void dictionary(CompactStruct struct) throws IOException {
        int outer = open(struct);
        for (int field = struct.next(); field != 0; field = struct.next()) {
            switch (field) {
                case 1 -> values = struct.integer();
                case 2 -> encoding = struct.integer();
                default -> struct.skip();
            }
        }
        struct.leave(outer);
    }

    private void dataV2(CompactStruct struct) throws IOException {
        int outer = open(struct);
        for (int field = struct.next(); field != 0; field = struct.next()) {
            switch (field) {
                case 1 -> values = struct.integer();
                case 4 -> encoding = struct.integer();
                case 5 -> definitionBytes = struct.integer();
                case 6 -> repetitionBytes = struct.integer();
                case 7 -> compressed = struct.bool();
                default -> struct.skip();
            }
        }
        struct.leave(outer);
    }

    private static int open(CompactStruct struct) {
        if (!struct.isStruct()) {
            throw new PageException("the page header's part for its kind of page is no struct");
        }
        return struct.enter();
    }

    private void check(long left, long uncompressedChunk) {
        if (compressedSize < 0 || compressedSize > left) {
            throw new PageException("its header says " + compressedSize + " bytes; allowed: 0 to the " + left
                    + " left of the column chunk");
        }
        if (uncompressedSize < 0 || uncompressedSize > uncompressedChunk) {
            throw new PageException("its header says " + uncompressedSize + " bytes uncompressed; allowed: 0 to the "
                    + uncompressedChunk + " of the whole column chunk");
        }
        if (isData() || type == DICTIONARY) {
            checkContent();
        }
    }

    private void checkContent() {
        if (values < 0) {
            throw new PageException("its header says " + values + " values; allowed: 0 or more");
        }
        if (type == DATA && (definitionEncoding != RLE || repetitionEncoding != RLE)) {
            throw new PageException("its levels have encodings " + repetitionEncoding + " and " + definitionEncoding
                    + "; allowed: 3 (RLE)");
        }
        if (encoding != PLAIN && !usesDictionary()) {
            throw new PageException(
                    "its values have encoding " + encoding + "; allowed: 0 (PLAIN), 2 and 8 (dictionary)");
        }
        if (type == DATA_V2
                && (definitionBytes < 0
                        || repetitionBytes < 0
                        || (long) definitionBytes + repetitionBytes > Math.min(compressedSize, uncompressedSize))) {
            throw new PageException("its header says " + repetitionBytes + " and " + definitionBytes
                    + " bytes of levels; the page has " + compressedSize);
        }
    }
}
