package io.sparkmoe.spark.scan.decode;

import java.io.IOException;
import java.util.Arrays;
import org.apache.parquet.io.SeekableInputStream;

/** A window on the bytes of a column chunk, as large as its largest page asks. */
final class ChunkInput {
    /** Bytes asked for at a time: what hides the cost of a call without leaving the second cache far behind. */
    private static final int READ = 1 << 20;

    private SeekableInputStream in;
    private byte[] window = new byte[PageBytes.SLACK];
    private int at;
    private int limit;
    private long position;
    private long end;

    /** Starts on the bytes [from, to) of a file. */
    void reset(SeekableInputStream stream, long from, long to) throws IOException {
        in = stream;
        position = from;
        end = to;
        at = 0;
        limit = 0;
        stream.seek(from);
    }

    /** Bytes of the chunk not yet consumed. */
    long left() {
        return limit - at + end - position;
    }

    byte[] bytes() {
        return window;
    }

    /** Index in {@link #bytes} of the next byte. */
    int at() {
        return at;
    }

    void consume(int n) {
        at += n;
    }

    /** Makes the next {@code n} bytes, at most {@link #left}, lie in the window. */
    void require(int n) throws IOException {
        if (limit - at >= n) {
            return;
        }
        int kept = limit - at;
        byte[] to = window;
        if (n > window.length - PageBytes.SLACK) {
            to = new byte[(int) Math.max(n, Math.min(left(), READ)) + PageBytes.SLACK];
        }
        System.arraycopy(window, at, to, 0, kept);
        window = to;
        at = 0;
        limit = kept;
        int more = (int) Math.min(end - position, window.length - PageBytes.SLACK - kept);
        in.readFully(window, kept, more);
        limit += more;
        position += more;
        Arrays.fill(window, limit, limit + PageBytes.SLACK, (byte) 0);
    }

    /** The next byte, or -1 at the chunk's end. */
    int read() throws IOException {
        if (at == limit) {
            if (left() == 0) {
                return -1;
            }
            require(1);
        }
        return window[at++] & 0xff;
    }
}
