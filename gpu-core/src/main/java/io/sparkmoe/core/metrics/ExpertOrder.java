package io.sparkmoe.core.metrics;

import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * An order of a layer's experts that puts those side by side that tokens choose together, for drawing co-activation.
 *
 * <p>Experts are clustered from the bottom up by average linkage (UPGMA, in the nearest-neighbour chain form, E² time).
 * Two experts are as similar as log2((n + 1) / (e + 1)): n tokens name both, e would by chance, which is the product of
 * their tokens over all tokens, times the lift of uniform routing. The one token added to each keeps pairs that are never
 * expected from looking alike. Clusters that merge lie side by side, turned so that the two ends that meet are as similar
 * as they can be. Experts that no token names come last, by id. Ties fall to the lower expert, so that equal counts give
 * equal orders.
 */
public final class ExpertOrder {
    private final float[] similarities;
    private final int[][] clusters;
    private final int[] chain;
    private int chained;

    private ExpertOrder(float[] similarities, int experts) {
        this.similarities = similarities;
        clusters = new int[experts][];
        chain = new int[experts];
    }

    /**
     * The experts in their order.
     *
     * @param tokenCounts [num_experts * num_experts], row-major and symmetric: tokens that name both experts, on the
     *     diagonal tokens that name the expert
     * @param tokens tokens with a known id
     * @param uniformLift see {@link CoactivationMetrics#uniformLift}
     * @throws IllegalArgumentException for counts that are not num_experts²
     */
    public static int[] byCoactivation(long[] tokenCounts, int numExperts, long tokens, double uniformLift) {
        if (tokenCounts.length != (long) numExperts * numExperts) {
            throw new IllegalArgumentException("an order of " + numExperts + " experts needs " + numExperts + " * "
                    + numExperts + " counts, got " + tokenCounts.length);
        }
        float[] similarities = similarities(tokenCounts, numExperts, tokens, uniformLift);
        ExpertOrder order = new ExpertOrder(similarities.clone(), numExperts);
        int[] unnamed = IntStream.range(0, numExperts)
                .filter(e -> tokenCounts[e * numExperts + e] == 0)
                .toArray();
        int[] named = unnamed.length == numExperts ? new int[0] : order.merge(similarities, unnamed);
        int[] all = Arrays.copyOf(named, numExperts);
        System.arraycopy(unnamed, 0, all, named.length, unnamed.length);
        return all;
    }

    private static float[] similarities(long[] counts, int experts, long tokens, double uniformLift) {
        float[] similarities = new float[experts * experts];
        for (int i = 0; i < experts; i++) {
            double expectedOfI = uniformLift * counts[i * experts + i] / Math.max(1, tokens);
            for (int j = 0; j < experts; j++) {
                double expected = expectedOfI * counts[j * experts + j];
                double ratio = (counts[i * experts + j] + 1.0) / (expected + 1);
                similarities[i * experts + j] = (float) (Math.log(ratio) / Math.log(2));
            }
        }
        return similarities;
    }

    /** Follows nearest neighbours until two are each other's, merges them, and goes on from there. */
    private int[] merge(float[] ofExperts, int[] leftOut) {
        Arrays.setAll(clusters, e -> Arrays.binarySearch(leftOut, e) >= 0 ? null : new int[] {e});
        while (true) {
            if (chained == 0) {
                chain[chained++] = lowestCluster();
            }
            int top = chain[chained - 1];
            int before = chained > 1 ? chain[chained - 2] : -1;
            int nearest = nearest(top, before);
            if (nearest < 0) {
                return clusters[top];
            }
            if (nearest == before) {
                chained -= 2;
                join(Math.min(top, nearest), Math.max(top, nearest), ofExperts);
            } else {
                chain[chained++] = nearest;
            }
        }
    }

    private int lowestCluster() {
        int at = 0;
        while (clusters[at] == null) {
            at++;
        }
        return at;
    }

    /** The most similar other cluster; of equal ones {@code preferred}, so that the chain ends, then the lowest. */
    private int nearest(int cluster, int preferred) {
        int row = cluster * clusters.length;
        int best = preferred;
        for (int other = 0; other < clusters.length; other++) {
            boolean candidate = other != cluster && clusters[other] != null;
            if (candidate && (best < 0 || similarities[row + other] > similarities[row + best])) {
                best = other;
            }
        }
        return best;
    }

    private void join(int kept, int gone, float[] ofExperts) {
        int experts = clusters.length;
        float keptSize = clusters[kept].length;
        float goneSize = clusters[gone].length;
        for (int other = 0; other < experts; other++) {
            float similarity =
                    (keptSize * similarities[kept * experts + other] + goneSize * similarities[gone * experts + other])
                            / (keptSize + goneSize);
            similarities[kept * experts + other] = similarity;
            similarities[other * experts + kept] = similarity;
        }
        clusters[kept] = concatenate(clusters[kept], clusters[gone], ofExperts);
        clusters[gone] = null;
    }

    private int[] concatenate(int[] left, int[] right, float[] ofExperts) {
        int experts = clusters.length;
        boolean turnLeft = false;
        boolean turnRight = false;
        float best = Float.NEGATIVE_INFINITY;
        for (int turns = 0; turns < 4; turns++) {
            int end = (turns & 1) == 0 ? left[left.length - 1] : left[0];
            int start = (turns & 2) == 0 ? right[0] : right[right.length - 1];
            if (ofExperts[end * experts + start] > best) {
                best = ofExperts[end * experts + start];
                turnLeft = (turns & 1) != 0;
                turnRight = (turns & 2) != 0;
            }
        }
        int[] joined = new int[left.length + right.length];
        for (int i = 0; i < left.length; i++) {
            joined[i] = left[turnLeft ? left.length - 1 - i : i];
        }
        for (int i = 0; i < right.length; i++) {
            joined[left.length + i] = right[turnRight ? right.length - 1 - i : i];
        }
        return joined;
    }
}
