package io.sparkmoe.spark.scan.decode;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdDecompressCtx;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.zip.GZIPInputStream;
import net.jpountz.lz4.LZ4Factory;
import net.jpountz.lz4.LZ4SafeDecompressor;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.xerial.snappy.Snappy;

/** Decompresses a page from one array into another, on the libraries that Spark ships; never writes past what it is given. */
abstract class PageCodec implements AutoCloseable {
    /** Whether there is one for a codec. */
    static boolean supports(CompressionCodecName name) {
        return switch (name) {
            case UNCOMPRESSED, SNAPPY, LZ4_RAW, ZSTD, GZIP -> true;
            default -> false;
        };
    }

    /** The codec of a chunk; null for pages that lie as they are. */
    static PageCodec of(CompressionCodecName name) {
        return switch (name) {
            case UNCOMPRESSED -> null;
            case SNAPPY -> new SnappyCodec();
            case LZ4_RAW -> new Lz4RawCodec();
            case ZSTD -> new ZstdCodec();
            case GZIP -> new GzipCodec();
            default -> throw new IllegalArgumentException("no codec " + name);
        };
    }

    /** Decompresses into {@code to[at .. at + size)} and returns the number of bytes that came out. */
    abstract int decompress(byte[] from, int start, int length, byte[] to, int at, int size) throws IOException;

    /** Decompresses what has to come out as exactly {@code size} bytes. */
    final void exactly(byte[] from, int start, int length, byte[] to, int at, int size) {
        int got;
        try {
            got = decompress(from, start, length, to, at, size);
        } catch (IOException | RuntimeException e) {
            throw new PageException("its " + length + " compressed bytes cannot be decompressed: " + e.getMessage(), e);
        }
        if (got != size) {
            throw new PageException("it decompresses to " + got + " bytes; its header says " + size);
        }
    }

    @Override
    public void close() {}

    private static final class SnappyCodec extends PageCodec {
        @Override
        int decompress(byte[] from, int start, int length, byte[] to, int at, int size) throws IOException {
            int declared = Snappy.uncompressedLength(from, start, length);
            return declared == size ? Snappy.uncompress(from, start, length, to, at) : declared;
        }
    }

    private static final class Lz4RawCodec extends PageCodec {
        private final LZ4SafeDecompressor lz4 = LZ4Factory.fastestInstance().safeDecompressor();

        @Override
        int decompress(byte[] from, int start, int length, byte[] to, int at, int size) {
            return lz4.decompress(from, start, length, to, at, size);
        }
    }

    private static final class ZstdCodec extends PageCodec {
        private final ZstdDecompressCtx zstd = new ZstdDecompressCtx();

        @Override
        int decompress(byte[] from, int start, int length, byte[] to, int at, int size) {
            int got = zstd.decompressByteArray(to, at, size, from, start, length);
            if (Zstd.isError(got)) {
                throw new PageException(Zstd.getErrorName(got));
            }
            return got;
        }

        @Override
        public void close() {
            zstd.close();
        }
    }

    private static final class GzipCodec extends PageCodec {
        @Override
        int decompress(byte[] from, int start, int length, byte[] to, int at, int size) throws IOException {
            try (GZIPInputStream in = new GZIPInputStream(new ByteArrayInputStream(from, start, length), 1 << 16)) {
                int got = in.readNBytes(to, at, size);
                return got == size && in.read() >= 0 ? size + 1 : got;
            }
        }
    }
}
