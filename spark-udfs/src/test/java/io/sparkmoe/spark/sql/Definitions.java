package io.sparkmoe.spark.sql;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** The operators restated in the plainest way, as JSON in Spark's form, for comparison. Masked ids are dropped. */
final class Definitions {
    private Definitions() {}

    static String align(int[] ids, int experts, int blockSize) {
        List<Integer> sorted = new ArrayList<>();
        List<Integer> blocks = new ArrayList<>();
        for (int e = 0; e < experts; e++) {
            int before = sorted.size();
            for (int i = 0; i < ids.length; i++) {
                if (ids[i] == e) {
                    sorted.add(i);
                }
            }
            while (sorted.size() % blockSize != 0) {
                sorted.add(ids.length);
            }
            for (int b = before; b < sorted.size(); b += blockSize) {
                blocks.add(e);
            }
        }
        return "{\"sorted_token_ids\":" + json(sorted) + ",\"expert_ids\":" + json(blocks) + ",\"num_tokens_post_pad\":"
                + sorted.size() + "}";
    }

    static String compact(int[] ids, int experts) {
        List<Integer> sorted = order(ids);
        List<Integer> offsets = new ArrayList<>();
        for (int e = 0; e <= experts; e++) {
            int bound = e;
            offsets.add(
                    (int) Arrays.stream(ids).filter(id -> id >= 0 && id < bound).count());
        }
        return "{\"sorted_ids\":" + json(sorted) + ",\"expert_offsets\":" + json(offsets) + "}";
    }

    /** Form deepep: masked ids leave the order, src2dst is shifted by their number. */
    static String epPreprocess(int[] ids, int experts) {
        int masked = (int) Arrays.stream(ids).filter(id -> id < 0).count();
        List<Integer> all = IntStream.range(0, ids.length)
                .boxed()
                .sorted((a, b) -> ids[a] != ids[b] ? Integer.compare(ids[a], ids[b]) : Integer.compare(a, b))
                .collect(Collectors.toList());
        Integer[] src2dst = new Integer[ids.length];
        for (int d = 0; d < all.size(); d++) {
            src2dst[all.get(d)] = d - masked;
        }
        List<Integer> segments = new ArrayList<>();
        for (int e = 0; e <= experts; e++) {
            int bound = e;
            segments.add((int) Arrays.stream(ids).filter(id -> id < bound).count() - masked);
        }
        List<Integer> sorted = order(ids).stream().map(i -> ids[i]).collect(Collectors.toList());
        return "{\"reorder_topk_ids\":" + json(sorted) + ",\"src2dst\":" + json(Arrays.asList(src2dst))
                + ",\"seg_indptr\":" + json(segments) + "}";
    }

    static long[] counts(int[] ids, int experts) {
        long[] counts = new long[experts];
        for (int id : ids) {
            if (id >= 0) {
                counts[id]++;
            }
        }
        return counts;
    }

    static String padding(int[] ids, int experts, int... blockSizes) {
        long[] counts = counts(ids, experts);
        List<Long> blocks = new ArrayList<>();
        List<Long> slots = new ArrayList<>();
        for (int b : blockSizes) {
            long n = Arrays.stream(counts).map(c -> (c + b - 1) / b).sum();
            blocks.add(n);
            slots.add(n * b);
        }
        return "{\"block_size\":" + json(Arrays.stream(blockSizes).boxed().collect(Collectors.toList()))
                + ",\"blocks\":"
                + json(blocks) + ",\"slots\":" + json(slots) + ",\"used\":"
                + Arrays.stream(counts).sum() + ",\"active_experts\":"
                + Arrays.stream(counts).filter(c -> c > 0).count() + "}";
    }

    static String json(List<?> values) {
        return values.stream().map(String::valueOf).collect(Collectors.joining(",", "[", "]"));
    }

    static String json(long[] values) {
        return json(Arrays.stream(values).boxed().collect(Collectors.toList()));
    }

    private static List<Integer> order(int[] ids) {
        return IntStream.range(0, ids.length)
                .filter(i -> ids[i] >= 0)
                .boxed()
                .sorted((a, b) -> ids[a] != ids[b] ? Integer.compare(ids[a], ids[b]) : Integer.compare(a, b))
                .collect(Collectors.toList());
    }
}
