package io.sparkmoe.spark.trace;

import java.io.Serializable;

/**
 * A byte range of a file, compressed or not; records belong to the slice in which they begin (a record that begins
 * exactly at a later slice's start belongs to the slice before it).
 *
 * @param fileBytes length of the whole file
 */
record FileSlice(String file, long start, long length, long fileBytes) implements Serializable {
    private static final long serialVersionUID = 1L;

    long end() {
        return start + length;
    }

    boolean isWholeFile() {
        return start == 0 && length == fileBytes;
    }
}
