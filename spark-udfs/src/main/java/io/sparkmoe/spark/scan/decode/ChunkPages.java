package io.sparkmoe.spark.scan.decode;

import java.io.IOException;
import java.util.zip.CRC32;
import org.apache.parquet.hadoop.metadata.ColumnChunkMetaData;
import org.apache.parquet.io.SeekableInputStream;
import org.jspecify.annotations.Nullable;

/** Walks the pages of a column chunk: headers, checksums, decompression. A page is valid until the next is asked for. */
final class ChunkPages implements AutoCloseable {
    private final ChunkInput in = new ChunkInput();
    private final boolean verifyCrc;
    private @Nullable PageCodec codec;
    private long uncompressedChunk;
    private byte[] own = {};

    /** The page in hand: its header, and its bytes [from, to), with {@link PageBytes#SLACK} readable ones behind them. */
    PageHeader header = new PageHeader();

    byte[] bytes = {};
    int from;
    int to;

    /** Ordinal of the page in hand. */
    int page;

    ChunkPages(boolean verifyCrc) {
        this.verifyCrc = verifyCrc;
    }

    void reset(SeekableInputStream stream, ColumnChunkMetaData chunk) throws IOException {
        close();
        page = -1;
        codec = PageCodec.of(chunk.getCodec());
        uncompressedChunk = chunk.getTotalUncompressedSize();
        in.reset(stream, chunk.getStartingPos(), chunk.getStartingPos() + chunk.getTotalSize());
    }

    /** Goes on to the next page that has a dictionary or data. */
    void next() throws IOException {
        do {
            page++;
            if (in.left() == 0) {
                throw new PageException("the column chunk ends before its values do");
            }
            header = PageHeader.read(in, uncompressedChunk);
            in.require(header.compressedSize);
            from = in.at();
            in.consume(header.compressedSize);
        } while (!header.isData() && header.type != PageHeader.DICTIONARY);
        if (verifyCrc && header.hasCrc) {
            verify();
        }
        open();
    }

    private void verify() {
        CRC32 crc = new CRC32();
        crc.update(in.bytes(), from, header.compressedSize);
        if ((int) crc.getValue() != header.crc) {
            throw new PageException("its bytes have the checksum " + Integer.toHexString((int) crc.getValue())
                    + "; its header says " + Integer.toHexString(header.crc));
        }
    }

    private void open() {
        bytes = in.bytes();
        if (codec == null || !header.compressed) {
            if (header.compressedSize != header.uncompressedSize) {
                throw new PageException("it is not compressed, and has " + header.compressedSize
                        + " bytes; its header says " + header.uncompressedSize + " uncompressed");
            }
            to = from + header.compressedSize;
            return;
        }
        if (own.length < header.uncompressedSize + PageBytes.SLACK) {
            own = new byte[header.uncompressedSize + PageBytes.SLACK];
        }
        int levels = header.definitionBytes + header.repetitionBytes;
        System.arraycopy(bytes, from, own, 0, levels);
        int size = header.uncompressedSize - levels;
        // Nothing compressed is left of a page of NULLs; some writers leave an empty frame, others no byte.
        if (size > 0) {
            codec.exactly(bytes, from + levels, header.compressedSize - levels, own, levels, size);
        }
        bytes = own;
        from = 0;
        to = header.uncompressedSize;
    }

    @Override
    public void close() {
        if (codec != null) {
            codec.close();
            codec = null;
        }
    }
}
