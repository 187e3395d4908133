package io.sparkmoe.spark.trace;

import com.github.luben.zstd.ZstdInputStreamNoFinalizer;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Locale;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.PositionedReadable;
import org.apache.hadoop.fs.Seekable;
import org.apache.hadoop.io.compress.CodecPool;
import org.apache.hadoop.io.compress.CompressionCodec;
import org.apache.hadoop.io.compress.CompressionCodecFactory;
import org.apache.hadoop.io.compress.Decompressor;
import org.apache.hadoop.io.compress.SplitCompressionInputStream;
import org.apache.hadoop.io.compress.SplittableCompressionCodec;
import org.jspecify.annotations.Nullable;

/**
 * The decompressed bytes of a slice, read on past its end as far as asked, and the place of what comes next in terms of
 * the file. Compression is told by the name, as Hadoop does; zst goes through zstd-jni, which needs no native Hadoop.
 */
final class CompressedInput implements AutoCloseable {
    private final FaultSeen raw;
    private final InputStream in;
    private final boolean compressed;
    private final long end;
    private @Nullable Decompressor decompressor;

    private CompressedInput(
            FaultSeen raw, InputStream in, boolean compressed, long end, @Nullable Decompressor decompressor) {
        this.raw = raw;
        this.in = in;
        this.compressed = compressed;
        this.end = end;
        this.decompressor = decompressor;
    }

    static boolean splittable(String file, Configuration conf) {
        CompressionCodec codec = codec(file, conf);
        return !isZstd(file) && (codec == null || codec instanceof SplittableCompressionCodec);
    }

    private static @Nullable CompressionCodec codec(String file, Configuration conf) {
        return new CompressionCodecFactory(conf).getCodec(new Path(file));
    }

    private static boolean isZstd(String file) {
        String name = file.toLowerCase(Locale.ROOT);
        return name.endsWith(".zst") || name.endsWith(".zstd");
    }

    static CompressedInput open(FileSlice slice, Configuration conf) throws IOException {
        Path path = new Path(slice.file());
        FSDataInputStream file = path.getFileSystem(conf).open(path);
        FaultSeen raw = new FaultSeen(file);
        try {
            return open(slice, conf, file, raw);
        } catch (IOException | RuntimeException | Error e) {
            file.close();
            throw e;
        }
    }

    private static CompressedInput open(FileSlice slice, Configuration conf, FSDataInputStream file, FaultSeen raw)
            throws IOException {
        CompressionCodec codec = codec(slice.file(), conf);
        boolean zstd = isZstd(slice.file());
        if (slice.fileBytes() == 0 || (codec == null && !zstd)) {
            file.seek(slice.start());
            return new CompressedInput(raw, raw, false, slice.end(), null);
        }
        try {
            return zstd
                    ? new CompressedInput(raw, new ZstdInputStreamNoFinalizer(raw), true, Long.MAX_VALUE, null)
                    : decompress(slice, codec, raw);
        } catch (IOException e) {
            if (raw.failed) {
                throw e;
            }
            return new CompressedInput(raw, new Unreadable(raw, e), true, Long.MAX_VALUE, null);
        }
    }

    private static CompressedInput decompress(FileSlice slice, CompressionCodec codec, FaultSeen raw)
            throws IOException {
        Decompressor decompressor = CodecPool.getDecompressor(codec);
        try {
            // Block by block even for a whole file: a broken block then costs none of those before it.
            if (codec instanceof SplittableCompressionCodec splittable) {
                SplitCompressionInputStream in = splittable.createInputStream(
                        raw, decompressor, slice.start(), slice.end(), SplittableCompressionCodec.READ_MODE.BYBLOCK);
                return new CompressedInput(raw, in, true, in.getAdjustedEnd(), decompressor);
            }
            InputStream in = codec.createInputStream(raw, decompressor);
            return new CompressedInput(raw, in, true, Long.MAX_VALUE, decompressor);
        } catch (IOException | RuntimeException | Error e) {
            CodecPool.returnDecompressor(decompressor);
            throw e;
        }
    }

    /** Reads at most to the end of a compressed block, so that {@link #pastEnd} stays exact. */
    int read(byte[] buffer, int offset) throws IOException {
        return in.read(buffer, offset, buffer.length - offset);
    }

    /** Whether a record that begins {@code unread} bytes before the place reached belongs to a later slice. */
    boolean pastEnd(int unread) throws IOException {
        if (end == Long.MAX_VALUE) {
            return false;
        }
        return compressed ? ((SplitCompressionInputStream) in).getPos() > end : raw.getPos() - unread > end;
    }

    /** Whether an exception came from the compressed data, and not from the file system (which a retry may heal). */
    boolean dataFault() {
        return compressed && !raw.failed;
    }

    /** A second call gives nothing back: the decompressor may serve another task by then. */
    @Override
    public void close() throws IOException {
        Decompressor borrowed = decompressor;
        decompressor = null;
        try {
            in.close();
        } finally {
            if (borrowed != null) {
                CodecPool.returnDecompressor(borrowed);
            }
        }
    }

    /** A file that turned out not to be compressed data as soon as it was opened: says so when it is read. */
    private static final class Unreadable extends FilterInputStream {
        private final IOException reason;

        Unreadable(InputStream file, IOException reason) {
            super(file);
            this.reason = reason;
        }

        @Override
        public int read(byte[] buffer, int offset, int length) throws IOException {
            throw reason;
        }
    }

    /** The file's stream; remembers whether the file system itself failed. */
    private static final class FaultSeen extends FilterInputStream implements Seekable, PositionedReadable {
        private final FSDataInputStream file;
        private boolean failed;

        FaultSeen(FSDataInputStream file) {
            super(file);
            this.file = file;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        /** An answer of the file system. */
        private interface Answer {
            long get() throws IOException;
        }

        private long noting(Answer answer) throws IOException {
            try {
                return answer.get();
            } catch (IOException | RuntimeException e) {
                failed = true;
                throw e;
            }
        }

        @Override
        public int read(byte[] buffer, int offset, int length) throws IOException {
            return (int) noting(() -> file.read(buffer, offset, length));
        }

        @Override
        public long skip(long bytes) throws IOException {
            return noting(() -> file.skip(bytes));
        }

        @Override
        public int available() throws IOException {
            return (int) noting(file::available);
        }

        @Override
        public void seek(long position) throws IOException {
            noting(() -> {
                file.seek(position);
                return position;
            });
        }

        @Override
        public long getPos() throws IOException {
            return noting(file::getPos);
        }

        // Hadoop's compressed streams trust getPos of streams that can do both, seek and read at a position.

        @Override
        public int read(long position, byte[] buffer, int offset, int length) throws IOException {
            return (int) noting(() -> file.read(position, buffer, offset, length));
        }

        @Override
        public void readFully(long position, byte[] buffer, int offset, int length) throws IOException {
            noting(() -> {
                file.readFully(position, buffer, offset, length);
                return length;
            });
        }

        @Override
        public void readFully(long position, byte[] buffer) throws IOException {
            readFully(position, buffer, 0, buffer.length);
        }

        @Override
        public boolean seekToNewSource(long target) throws IOException {
            return noting(() -> file.seekToNewSource(target) ? 1 : 0) == 1;
        }
    }
}
