package io.sparkmoe.spark.jobs.audit;

import java.util.Arrays;

/** Looks at every id of one row: masked, out of range, duplicates inside a token, and a hash of each token. */
final class RowCheck {
    private static final long MULTIPLIER = 0x9E3779B97F4A7C15L;

    private int[] stamp = new int[0];
    private int stampNumber;
    long masked;
    long maskedTokens;
    long outOfRange;
    long outOfRangeTokens;
    long firstOutOfRange;
    long duplicates;
    long duplicateTokens;
    boolean allZero;
    /** Tokens with at least one id that is not masked. */
    long knownTokens;
    /** The ids that a token names again; the first {@link #duplicates} count. */
    int[] repeated = new int[16];

    /**
     * Checks a row.
     *
     * @param ids num_tokens * topk ids
     * @param tokenHash [num_tokens], a hash of each token's ids at this layer is added
     * @param known [num_tokens], set where a token has an id that is not masked
     */
    void check(int[] ids, int tokens, int topk, int numExperts, int layer, long[] tokenHash, boolean[] known) {
        reset(numExperts);
        int nonZero = 0;
        for (int t = 0; t < tokens; t++) {
            long hash = layer + 1L;
            long maskedBefore = masked;
            long outBefore = outOfRange;
            long duplicatesBefore = duplicates;
            nextStamp();
            for (int i = t * topk; i < (t + 1) * topk; i++) {
                int id = ids[i];
                nonZero |= id;
                hash = (hash ^ id) * MULTIPLIER;
                hash ^= hash >>> 29;
                count(id, i, numExperts);
            }
            tokenHash[t] += hash;
            boolean knows = masked - maskedBefore < topk;
            known[t] |= knows;
            knownTokens += knows ? 1 : 0;
            maskedTokens += masked > maskedBefore ? 1 : 0;
            outOfRangeTokens += outOfRange > outBefore ? 1 : 0;
            duplicateTokens += duplicates > duplicatesBefore ? 1 : 0;
        }
        allZero = nonZero == 0 && topk >= 2 && tokens > 0;
    }

    private void count(int id, int index, int numExperts) {
        if (id == -1) {
            masked++;
        } else if (id < 0 || id >= numExperts) {
            if (outOfRange++ == 0) {
                firstOutOfRange = index;
            }
        } else if (stamp[id] == stampNumber) {
            if (duplicates == repeated.length) {
                repeated = Arrays.copyOf(repeated, 2 * repeated.length);
            }
            repeated[(int) duplicates++] = id;
        } else {
            stamp[id] = stampNumber;
        }
    }

    private void reset(int numExperts) {
        masked = 0;
        knownTokens = 0;
        maskedTokens = 0;
        outOfRange = 0;
        outOfRangeTokens = 0;
        firstOutOfRange = -1;
        duplicates = 0;
        duplicateTokens = 0;
        if (stamp.length < numExperts) {
            stamp = new int[numExperts];
            stampNumber = 0;
        }
    }

    /** A number that no expert carries yet: its expert was seen in this token when its stamp is this number. */
    private void nextStamp() {
        if (++stampNumber == Integer.MAX_VALUE) {
            Arrays.fill(stamp, 0);
            stampNumber = 1;
        }
    }
}
