package io.sparkmoe.core.contract;

import io.sparkmoe.core.analysis.AgreementTotals;
import io.sparkmoe.core.analysis.CoactivationKind;
import io.sparkmoe.core.analysis.TransitionOptions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** The analyses restated as directly as possible; slow and obvious. */
final class NaiveAnalysis {
    private NaiveAnalysis() {}

    static List<int[]> tokens(int[] ids, int topk) {
        List<int[]> out = new ArrayList<>();
        for (int at = 0; at < ids.length; at += topk) {
            out.add(Arrays.copyOfRange(ids, at, at + topk));
        }
        return out;
    }

    private static boolean takes(int id, int experts) {
        return id >= 0 && id < experts;
    }

    /** Adds a token's co-activation to an E x E matrix. */
    static void coactivation(long[] matrix, int[] token, int experts, CoactivationKind kind) {
        if (kind == CoactivationKind.TOKENS) {
            for (int i : set(token)) {
                for (int j : set(token)) {
                    if (takes(i, experts) && takes(j, experts)) {
                        matrix[i * experts + j]++;
                    }
                }
            }
            return;
        }
        for (int a = 0; a < token.length; a++) {
            for (int b = 0; b < token.length; b++) {
                boolean counts = kind == CoactivationKind.PAIRS || Math.abs(a - b) == 1;
                if (counts && takes(token[a], experts) && takes(token[b], experts)) {
                    matrix[token[a] * experts + token[b]]++;
                }
            }
        }
    }

    /** Adds a token's transitions from one layer to another to an E x E matrix. */
    static void transitions(long[] matrix, int[] from, int[] to, int experts, TransitionOptions.Slots slots) {
        for (int a = 0; a < from.length; a++) {
            for (int b = 0; b < to.length; b++) {
                boolean meet = slots == TransitionOptions.Slots.ALL || a == b;
                if (meet && takes(from[a], experts) && takes(to[b], experts)) {
                    matrix[from[a] * experts + to[b]]++;
                }
            }
        }
    }

    static AgreementTotals agreement(int[] left, int[] right) {
        Set<Integer> a = set(left);
        Set<Integer> b = set(right);
        if (a.contains(-1) || b.contains(-1)) {
            return new AgreementTotals(0, 0, 0, 0, 0, 1);
        }
        Set<Integer> both = new HashSet<>(a);
        both.retainAll(b);
        Set<Integer> either = new HashSet<>(a);
        either.addAll(b);
        return new AgreementTotals(1, a.equals(b) ? 1 : 0, both.size(), either.size(), left[0] == right[0] ? 1 : 0, 0);
    }

    private static Set<Integer> set(int[] ids) {
        Set<Integer> out = new HashSet<>();
        Arrays.stream(ids).forEach(out::add);
        return out;
    }
}
