package io.sparkmoe.spark.jobs.specialize;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;

/**
 * Cells of 256 neighbouring token ids at one layer, as they are shuffled: a cell is the token id's low byte, the expert and
 * the count, the latter two as variable-length integers: about four bytes. The block {@link #PAIRS} holds a layer's four
 * counts of pairs instead.
 */
final class CellBlock {
    static final int TOKENS = 256;

    /** No token id's block. */
    static final int PAIRS = Integer.MIN_VALUE;

    /** Takes a cell. */
    @FunctionalInterface
    interface Sink {
        void cell(int tokenLow, int expert, long count);
    }

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    static int block(int tokenId) {
        return tokenId >> 8;
    }

    void cell(int tokenId, int expert, long count) {
        out.write(tokenId & 0xff);
        number(expert);
        number(count);
    }

    void number(long n) {
        long rest = n;
        while (rest > 0x7f) {
            out.write((int) (rest & 0x7f) | 0x80);
            rest >>>= 7;
        }
        out.write((int) rest);
    }

    /** The bytes so far; forgets them. */
    byte[] take() {
        byte[] bytes = out.toByteArray();
        out.reset();
        return bytes;
    }

    /** Hands out the cells of a block. */
    static void read(byte[] bytes, Sink sink) {
        ByteBuffer in = ByteBuffer.wrap(bytes);
        while (in.hasRemaining()) {
            int low = in.get() & 0xff;
            int expert = (int) number(in);
            sink.cell(low, expert, number(in));
        }
    }

    static long number(ByteBuffer in) {
        long n = 0;
        for (int shift = 0; ; shift += 7) {
            byte b = in.get();
            n |= (b & 0x7fL) << shift;
            if (b >= 0) {
                return n;
            }
        }
    }
}
