package io.sparkmoe.spark.jobs.passes;

import java.util.Arrays;
import java.util.List;

/**
 * The tokens of one largest pass of a family: each has an offset in [0, M) and its ids. Smaller passes of the family
 * are cut from it where offset / N changes. Ids are uint16 codes, 0xffff for masked, as IdType.UINT16_MASKED.
 */
public final class PassWindow {
    /** What becomes of the passes of a window. */
    public interface Target {
        /**
         * Takes one pass.
         *
         * @param size N
         * @param ids id codes, of which {@code length} from {@code from} on are the pass's
         * @param offset of its first token in the window
         * @param first whether no pass of this size came before it in the window
         * @param last whether none comes after it
         */
        void pass(int size, short[] ids, int from, int length, int offset, boolean first, boolean last);
    }

    private final List<Integer> sizes;
    private final int topk;
    private int[] offsets = new int[64];
    private short[] ids;
    private int tokens;

    /** A window of a family, whose first size is the largest. */
    public PassWindow(List<Integer> family, int topk) {
        this.sizes = family;
        this.topk = topk;
        this.ids = new short[64 * topk];
    }

    /** M, the largest pass size. */
    public int largest() {
        return sizes.get(0);
    }

    /** Adds consecutive tokens, the first at {@code offset}; their ids start at token {@code from} of {@code source}. */
    public void add(int offset, short[] source, int from, int count) {
        if (tokens + count > offsets.length) {
            int room = Math.max(tokens + count, 2 * offsets.length);
            offsets = Arrays.copyOf(offsets, room);
            ids = Arrays.copyOf(ids, room * topk);
        }
        System.arraycopy(source, from * topk, ids, tokens * topk, count * topk);
        for (int i = 0; i < count; i++) {
            offsets[tokens + i] = offset + i;
        }
        tokens += count;
    }

    /** Hands every pass of every size to the sink and empties the window. */
    void emit(PassSink sink, int layer, String phase) {
        emit((n, codes, from, length, offset, first, last) -> sink.pass(layer, phase, n, codes, from, length));
    }

    /** Hands every pass of every size to {@code target} and empties the window. */
    public void emit(Target target) {
        for (int n : sizes) {
            int from = 0;
            for (int i = 1; i <= tokens; i++) {
                if (i == tokens || offsets[i] / n != offsets[from] / n) {
                    target.pass(n, ids, from * topk, (i - from) * topk, offsets[from], from == 0, i == tokens);
                    from = i;
                }
            }
        }
        tokens = 0;
    }
}
