package io.sparkmoe.spark.trace;

import io.sparkmoe.core.reorder.Conversions;
import java.io.Closeable;
import java.io.IOException;
import org.apache.spark.sql.execution.vectorized.WritableColumnVector;
import org.apache.spark.sql.vectorized.ColumnVector;
import org.apache.spark.sql.vectorized.ColumnarArray;
import org.jspecify.annotations.Nullable;

/** The token rows of one layer file, block by block: the one place where this recorder's ids and weights come from. */
final class FlameLayer implements Closeable {
    private static final int MOST_SHOWN = 20;

    private final FlameStream stream;
    private final String file;
    private final int topk;
    private short[] ids = new short[0];
    private float @Nullable [] weights;
    private boolean weightsKnown;
    private @Nullable BadRecord bad;
    private long firstRow;

    FlameLayer(FlameStream stream, String file, int topk, boolean readWeights) {
        this.stream = stream;
        this.file = file;
        this.topk = topk;
        this.weights = readWeights ? new float[0] : null;
    }

    /** Reads the next tokens; what one of them is not as it must be is left in {@link #bad}. */
    void read(long row, int tokens) throws IOException {
        firstRow = row;
        bad = null;
        weightsKnown = false;
        int n = Math.multiplyExact(tokens, topk);
        if (ids.length < n) {
            ids = new short[n];
            weights = weights == null ? null : new float[n];
        }
        for (int done = 0; done < tokens; ) {
            int count = Math.min(tokens - done, stream.available());
            copyIds(stream.column(0), done, count);
            if (weights != null) {
                copyWeights(stream.column(1), done, count);
            }
            stream.advance(count);
            done += count;
        }
    }

    /** The block's ids [tokens, topk]; -1 where the file has NULL. */
    short[] ids() {
        return ids;
    }

    /** The block's weights [tokens, topk], or null where the file has none or they were not asked for. */
    float @Nullable [] weights() {
        return weightsKnown ? weights : null;
    }

    /** The first token of the block that has no topk ids, or null. */
    @Nullable
    BadRecord bad() {
        return bad;
    }

    private void copyIds(ColumnVector lists, int done, int count) {
        int row = stream.row();
        int to = done * topk;
        if (lists instanceof WritableColumnVector vector && even(vector, row, count)) {
            WritableColumnVector elements = vector.getChild(0);
            if (!elements.hasNull()) {
                short[] run = elements.getShorts(vector.getArrayOffset(row), count * topk);
                System.arraycopy(run, 0, ids, to, run.length);
                return;
            }
        }
        for (int i = 0; i < count; i++) {
            ColumnarArray list = lists.isNullAt(row + i) ? null : lists.getArray(row + i);
            if (list == null || list.numElements() != topk) {
                fault(BadReason.TOPK, done + i, list == null ? "NULL" : shown(list), "indices");
            } else {
                for (int k = 0; k < topk; k++) {
                    ids[to + i * topk + k] = list.isNullAt(k) ? -1 : list.getShort(k);
                }
            }
        }
    }

    /** Whether the lists lie end to end, topk ids each. */
    private boolean even(WritableColumnVector lists, int row, int count) {
        int offset = lists.getArrayOffset(row);
        for (int i = row; i < row + count; i++, offset += topk) {
            if (lists.isNullAt(i) || lists.getArrayLength(i) != topk || lists.getArrayOffset(i) != offset) {
                return false;
            }
        }
        return true;
    }

    private static String shown(ColumnarArray list) {
        int n = list.numElements();
        StringBuilder text = new StringBuilder(n + " ids: ");
        for (int k = 0; k < Math.min(n, MOST_SHOWN); k++) {
            text.append(k == 0 ? "" : ", ").append(list.isNullAt(k) ? "NULL" : list.getShort(k));
        }
        return text.append(n > MOST_SHOWN ? ", ..." : "").toString();
    }

    private void copyWeights(ColumnVector lists, int done, int count) {
        for (int i = 0; i < count; i++) {
            int row = stream.row() + i;
            boolean known = !lists.isNullAt(row);
            if (done + i > 0 && known != weightsKnown) {
                fault(BadReason.WEIGHTS, done + i, known ? "scores" : "NULL", "scores of all tokens or of none");
            }
            weightsKnown |= known;
            ColumnarArray list = known ? lists.getArray(row) : null;
            int length = list == null ? topk : list.numElements();
            if (length != topk) {
                fault(BadReason.WEIGHTS, done + i, length + " scores", "scores");
            } else if (list != null) {
                putWeights(list, (done + i) * topk, done + i);
            }
        }
    }

    private void putWeights(ColumnarArray list, int to, int token) {
        for (int k = 0; k < topk; k++) {
            if (list.isNullAt(k)) {
                fault(BadReason.WEIGHTS, token, "NULL", "scores");
            } else {
                byte[] half = list.getBinary(k);
                weights[to + k] = Conversions.fromFp16((short) ((half[1] << 8) | (half[0] & 0xff)));
            }
        }
    }

    /** Keeps the block's first fault. */
    private void fault(BadReason reason, int token, String value, String what) {
        if (bad == null) {
            BadRecord.Found found =
                    new BadRecord.Found(reason, -1, value, topk + " " + what, "a token's list is not topk long");
            bad = found.at(file, firstRow + token, 0, new byte[0]);
        }
    }

    @Override
    public void close() throws IOException {
        stream.close();
    }
}
