package io.sparkmoe.core.cpu;

/**
 * Counts pairs of slots of tokens in a matrix cells[a * E + b] of int32, a in an earlier slot than b. The ids are in
 * [0, E) and tokens lie one behind another; everything is written out for the usual numbers of slots, because a loop over
 * few slots costs more than its body.
 */
final class SlotPairs {
    private SlotPairs() {}

    /** Adds {@code step} for every pair of slots of every token of {@code ids} [0, count). */
    static void addAll(int[] cells, int experts, int[] ids, int count, int topk, int step) {
        switch (topk) {
            case 6 -> addSixes(cells, experts, ids, count, step);
            case 8 -> addEights(cells, experts, ids, count, step);
            default -> {
                for (int at = 0; at < count; at += topk) {
                    addToken(cells, experts, ids, at, topk, step);
                }
            }
        }
    }

    /** One token of any number of slots: squares of four by four slots, then what is over. */
    static void addToken(int[] cells, int experts, int[] ids, int from, int slots, int step) {
        int end = from + slots;
        int i = from;
        for (; i + 3 < end; i += 4) {
            int a = ids[i] * experts;
            int b = ids[i + 1] * experts;
            int c = ids[i + 2] * experts;
            int d = ids[i + 3] * experts;
            within(cells, experts, ids[i], ids[i + 1], ids[i + 2], ids[i + 3], step);
            for (int j = i + 4; j < end; j++) {
                four(cells, ids[j], a, b, c, d, step);
            }
        }
        for (; i < end - 1; i++) {
            for (int j = i + 1; j < end; j++) {
                cells[ids[i] * experts + ids[j]] += step;
            }
        }
    }

    private static void addSixes(int[] cells, int experts, int[] ids, int count, int step) {
        for (int at = 0; at < count; at += 6) {
            int a = ids[at];
            int b = ids[at + 1];
            int c = ids[at + 2];
            int d = ids[at + 3];
            int e = ids[at + 4];
            int f = ids[at + 5];
            four(cells, a * experts, c, d, e, f, step);
            four(cells, b * experts, c, d, e, f, step);
            within(cells, experts, c, d, e, f, step);
            cells[a * experts + b] += step;
        }
    }

    private static void addEights(int[] cells, int experts, int[] ids, int count, int step) {
        for (int at = 0; at < count; at += 8) {
            int a = ids[at];
            int b = ids[at + 1];
            int c = ids[at + 2];
            int d = ids[at + 3];
            int e = ids[at + 4];
            int f = ids[at + 5];
            int g = ids[at + 6];
            int h = ids[at + 7];
            four(cells, a * experts, e, f, g, h, step);
            four(cells, b * experts, e, f, g, h, step);
            four(cells, c * experts, e, f, g, h, step);
            four(cells, d * experts, e, f, g, h, step);
            within(cells, experts, a, b, c, d, step);
            within(cells, experts, e, f, g, h, step);
        }
    }

    private static void four(int[] cells, int row, int a, int b, int c, int d, int step) {
        cells[row + a] += step;
        cells[row + b] += step;
        cells[row + c] += step;
        cells[row + d] += step;
    }

    private static void within(int[] cells, int experts, int a, int b, int c, int d, int step) {
        cells[a * experts + b] += step;
        cells[c * experts + d] += step;
        cells[a * experts + c] += step;
        cells[b * experts + d] += step;
        cells[a * experts + d] += step;
        cells[b * experts + c] += step;
    }

    /** Neighbouring slots only. */
    static void addNeighbours(int[] cells, int experts, int[] ids, int count, int topk) {
        for (int at = 0; at < count; at += topk) {
            for (int i = at; i < at + topk - 1; i++) {
                cells[ids[i] * experts + ids[i + 1]]++;
            }
        }
    }
}
