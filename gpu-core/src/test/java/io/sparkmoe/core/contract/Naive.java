package io.sparkmoe.core.contract;

import io.sparkmoe.core.routing.ExpertMap;
import io.sparkmoe.core.routing.IdOptions;
import io.sparkmoe.core.routing.MaskedPolicy;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;

/** The definitions restated as directly as possible, over one segment; slow and obvious. */
final class Naive {
    private Naive() {}

    static boolean masked(int id) {
        return id == -1;
    }

    static boolean invalid(int id, int numExperts) {
        return id < -1 || id >= numExperts;
    }

    /** Positions of a segment whose id takes part, masked ids included where the policy keeps them. */
    static List<Integer> taking(int[] ids, IdOptions o) {
        boolean keepsMasked = o.masked() == MaskedPolicy.BIN || o.masked() == MaskedPolicy.KEEP;
        return IntStream.range(0, ids.length)
                .filter(i -> !invalid(ids[i], o.numExperts()) && (keepsMasked || !masked(ids[i])))
                .boxed()
                .toList();
    }

    /** Positions in the stable order of their keys. */
    static List<Integer> order(List<Integer> positions, IntUnaryOperator keyOf) {
        return positions.stream()
                .sorted(Comparator.comparingInt(keyOf::applyAsInt))
                .toList();
    }

    /** sorted_token_ids and expert_ids of one segment. */
    record Aligned(List<Integer> sorted, List<Integer> experts) {}

    static Aligned align(int[] ids, IdOptions o, int blockSize) {
        ExpertMap map = o.expertMap();
        boolean local = map != null && map.form() == ExpertMap.Form.LOCAL;
        SortedMap<Integer, List<Integer>> bins = new TreeMap<>();
        for (int i : taking(ids, o)) {
            boolean elsewhere = local && ids[i] >= 0 && map.local(ids[i]) < 0;
            if (!elsewhere) {
                int bin = local && ids[i] >= 0 ? map.local(ids[i]) : ids[i];
                bins.computeIfAbsent(bin, b -> new ArrayList<>()).add(i);
            }
        }
        List<Integer> sorted = new ArrayList<>();
        List<Integer> experts = new ArrayList<>();
        bins.forEach((bin, indices) -> {
            sorted.addAll(indices);
            while (sorted.size() % blockSize != 0) {
                sorted.add(ids.length);
            }
            while (experts.size() < sorted.size() / blockSize) {
                experts.add(bin >= 0 && map != null && !local ? map.local(bin) : bin);
            }
        });
        return new Aligned(sorted, experts);
    }

    /** Ids of each expert. */
    static long[] counts(int[] ids, int numExperts) {
        long[] counts = new long[numExperts];
        for (int id : ids) {
            if (id >= 0 && id < numExperts) {
                counts[id]++;
            }
        }
        return counts;
    }

    /** seg[0] = 0, seg[e + 1] = number of keys of at most e. */
    static long[] segIndptr(List<Integer> keys, int experts) {
        long[] seg = new long[experts + 1];
        for (int key : keys) {
            for (int e = Math.max(key, 0); e < experts; e++) {
                seg[e + 1]++;
            }
        }
        return seg;
    }

    static int[] ints(List<Integer> list) {
        return list.stream().mapToInt(Integer::intValue).toArray();
    }
}
