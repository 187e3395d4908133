package io.sparkmoe.spark.jobs.passes;

import io.sparkmoe.core.routing.MalformedRoutingException;

/** Narrows int32 ids to uint16 codes, 0xffff for masked; E is at most 65,535, so that no id has this code. */
public final class IdCodes {
    private static final short MASKED = (short) 0xffff;

    private IdCodes() {}

    /**
     * Codes of {@code n} ids.
     *
     * @throws MalformedRoutingException for an id below -1 or not below {@code numExperts}
     */
    public static short[] of(int[] ids, int n, int numExperts, long row) {
        short[] codes = new short[n];
        for (int i = 0; i < n; i++) {
            int id = ids[i];
            if (id < -1 || id >= numExperts) {
                throw MalformedRoutingException.expertId(row, i, id, numExperts);
            }
            codes[i] = id == -1 ? MASKED : (short) id;
        }
        return codes;
    }
}
