package io.sparkmoe.spark.jobs.compare;

import java.util.Arrays;

/** Whether two tokens name the same experts, whatever the order and repetition. Not thread-safe. */
final class TokenSets {
    static final int MASKED = 0;
    static final int EQUAL = 1;
    static final int DIFFERING = 2;

    private final int[] marks;
    private int mark;

    TokenSets(int numExperts) {
        marks = new int[numExperts];
    }

    /** Compares {@code topk} ids below num_experts from {@code a} on with those from {@code b} on. */
    int compare(int[] left, int a, int[] right, int b, int topk) {
        int signs = 0;
        int differences = 0;
        for (int i = 0; i < topk; i++) {
            signs |= left[a + i] | right[b + i];
            differences |= left[a + i] ^ right[b + i];
        }
        if (signs < 0) {
            return MASKED;
        }
        return differences == 0 || sameSet(left, a, right, b, topk) ? EQUAL : DIFFERING;
    }

    /** Marks what the left names, then what the right names of it; each side must name all of the other's. */
    private boolean sameSet(int[] left, int a, int[] right, int b, int topk) {
        if (mark > Integer.MAX_VALUE - 2) {
            Arrays.fill(marks, 0);
            mark = 0;
        }
        mark += 2;
        int named = 0;
        for (int i = a; i < a + topk; i++) {
            named += marks[left[i]] == mark ? 0 : 1;
            marks[left[i]] = mark;
        }
        for (int i = b; i < b + topk; i++) {
            if (marks[right[i]] < mark) {
                return false;
            }
            named -= marks[right[i]] == mark ? 1 : 0;
            marks[right[i]] = mark + 1;
        }
        return named == 0;
    }
}
