package io.sparkmoe.spark.scan.decode;

import java.io.IOException;

/**
 * Reads structs of Thrift's compact protocol from a chunk, keeping numbers and skipping the rest without building it: a
 * damaged header cannot ask for memory.
 */
final class CompactStruct {
    private static final int TRUE = 1;
    private static final int FALSE = 2;
    private static final int BYTE = 3;
    private static final int I64 = 6;
    private static final int DOUBLE = 7;
    private static final int BINARY = 8;
    private static final int LIST = 9;
    private static final int SET = 10;
    private static final int MAP = 11;
    private static final int STRUCT = 12;
    private static final int DEEPEST = 8;

    private final ChunkInput in;
    private int field;
    private int type;

    CompactStruct(ChunkInput in) {
        this.in = in;
    }

    /** Starts a struct: field numbers count from 0 again. Returns what {@link #leave} wants back. */
    int enter() {
        int outer = field;
        field = 0;
        return outer;
    }

    void leave(int outer) {
        field = outer;
    }

    /** The number of the next field, or 0 at the struct's end. */
    int next() throws IOException {
        int header = one();
        type = header & 0xf;
        if (type == 0) {
            return 0;
        }
        int delta = header >>> 4;
        field = delta == 0 ? number() : field + delta;
        return field;
    }

    boolean isStruct() {
        return type == STRUCT;
    }

    /** The value of a field of a whole number; other types are refused. */
    int integer() throws IOException {
        if (type == BYTE) {
            return (byte) one();
        }
        if (type < BYTE || type > I64) {
            throw new PageException(
                    "the page header's field " + field + " is of type " + type + "; a number is wanted");
        }
        return number();
    }

    boolean bool() {
        if (type != TRUE && type != FALSE) {
            throw new PageException("the page header's field " + field + " is of type " + type + "; a flag is wanted");
        }
        return type == TRUE;
    }

    void skip() throws IOException {
        skip(type, 0);
    }

    private void skip(int what, int depth) throws IOException {
        if (depth > DEEPEST) {
            throw new PageException("the page header nests more than " + DEEPEST + " deep");
        }
        switch (what) {
            case TRUE, FALSE -> {}
            case BYTE -> one();
            case 4, 5, I64 -> varint();
            case DOUBLE -> bytes(8);
            case BINARY -> bytes(varint());
            case LIST, SET -> list(depth);
            case MAP -> map(depth);
            case STRUCT -> {
                int outer = enter();
                while (next() != 0) {
                    skip(type, depth + 1);
                }
                leave(outer);
            }
            default -> throw new PageException("the page header has a field of the unknown type " + what);
        }
    }

    private void list(int depth) throws IOException {
        int header = one();
        long n = header >>> 4 == 15 ? varint() : header >>> 4;
        elements(n, header & 0xf, depth);
    }

    private void map(int depth) throws IOException {
        long n = varint();
        if (n > 0) {
            int types = one();
            for (long i = 0; i < n; i++) {
                elements(1, types >>> 4, depth);
                elements(1, types & 0xf, depth);
            }
        }
    }

    private void elements(long n, int what, int depth) throws IOException {
        for (long i = 0; i < n; i++) {
            if (what == TRUE || what == FALSE) {
                one();
            } else {
                skip(what, depth + 1);
            }
        }
    }

    private void bytes(long n) throws IOException {
        if (n < 0 || n > in.left()) {
            throw new PageException(
                    "the page header has a field of " + n + " bytes; the column chunk has " + in.left());
        }
        for (long done = 0; done < n; done++) {
            one();
        }
    }

    private int number() throws IOException {
        long v = varint();
        return (int) (v >>> 1 ^ -(v & 1));
    }

    private long varint() throws IOException {
        long result = 0;
        for (int shift = 0; shift < 70; shift += 7) {
            int b = one();
            result |= (long) (b & 0x7f) << shift;
            if (b < 0x80) {
                return result;
            }
        }
        throw new PageException("a number of the page header takes more than 10 bytes");
    }

    private int one() throws IOException {
        int b = in.read();
        if (b < 0) {
            throw new PageException("the column chunk ends in a page header");
        }
        return b;
    }
}
