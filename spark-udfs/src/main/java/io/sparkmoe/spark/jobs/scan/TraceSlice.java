package io.sparkmoe.spark.jobs.scan;

import io.sparkmoe.core.routing.RoutingBatch;
import io.sparkmoe.spark.jobs.rows.RowFacts;
import io.sparkmoe.spark.jobs.rows.RowKey;
import java.util.Arrays;

/**
 * Some whole token blocks of a trace, the rows that count alone: segment r of {@link #ids} is row r. A block's rows lie side
 * by side, one a layer. Refilled; a view until then.
 */
final class TraceSlice {
    private int rows;
    private int blocks;
    private RowKey[] keys = new RowKey[256];
    private int[] positions = new int[256];
    private int[] layers = new int[256];
    private int[] tokens = new int[256];
    private boolean[] decode = new boolean[256];
    private long[] known = new long[256];
    private int[] blockStarts = new int[256];
    private int repeats;
    private int[] repeatedRow = new int[256];
    private int[] repeatedId = new int[256];
    private RoutingBatch ids;

    void clear() {
        rows = 0;
        blocks = 0;
        repeats = 0;
    }

    /** Adds a row that counts; {@code knownTokens} of its tokens have an id. */
    void add(RowFacts facts, long knownTokens) {
        if (rows == layers.length) {
            grow();
        }
        boolean same = rows > 0 && positions[rows - 1] == facts.position && keys[rows - 1].equals(facts.key);
        if (!same) {
            blockStarts[blocks++] = rows;
        }
        keys[rows] = facts.key;
        positions[rows] = facts.position;
        layers[rows] = facts.layer;
        tokens[rows] = facts.tokens;
        decode[rows] = facts.decode;
        known[rows++] = knownTokens;
    }

    private void grow() {
        int room = 2 * rows;
        keys = Arrays.copyOf(keys, room);
        positions = Arrays.copyOf(positions, room);
        layers = Arrays.copyOf(layers, room);
        tokens = Arrays.copyOf(tokens, room);
        decode = Arrays.copyOf(decode, room);
        known = Arrays.copyOf(known, room);
        blockStarts = Arrays.copyOf(blockStarts, room);
    }

    /** Notes that a token of the row added last names an id again. */
    void repeated(int id) {
        if (repeats == repeatedId.length) {
            repeatedRow = Arrays.copyOf(repeatedRow, 2 * repeats);
            repeatedId = Arrays.copyOf(repeatedId, 2 * repeats);
        }
        repeatedRow[repeats] = rows - 1;
        repeatedId[repeats++] = id;
    }

    void ids(RoutingBatch batch) {
        ids = batch;
    }

    int rows() {
        return rows;
    }

    RoutingBatch ids() {
        return ids;
    }

    /** The sequence or recorded pass of a row; rows of one share the object while they lie side by side. */
    RowKey key(int row) {
        return keys[row];
    }

    int position(int row) {
        return positions[row];
    }

    int layer(int row) {
        return layers[row];
    }

    int tokens(int row) {
        return tokens[row];
    }

    boolean decode(int row) {
        return decode[row];
    }

    /** Tokens of a row with at least one id that is not masked. */
    long known(int row) {
        return known[row];
    }

    int blocks() {
        return blocks;
    }

    /** The first row of a block; of block {@link #blocks}, the end of all rows. */
    int blockStart(int block) {
        return block == blocks ? rows : blockStarts[block];
    }

    /** Ids that a token names again, all rows together. */
    int repeats() {
        return repeats;
    }

    int repeatedRow(int i) {
        return repeatedRow[i];
    }

    int repeatedId(int i) {
        return repeatedId[i];
    }
}
