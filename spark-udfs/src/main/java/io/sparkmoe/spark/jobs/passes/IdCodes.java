package io.sparkmoe.spark.jobs.passes;

import io.sparkmoe.core.routing.InvalidPolicy;
import io.sparkmoe.core.routing.MalformedRoutingException;

/** Narrows int32 ids to uint16 codes, 0xffff for masked; E is at most 65,535, so that no id has this code. */
final class IdCodes {
    private static final short MASKED = (short) 0xffff;

    private IdCodes() {}

    /**
     * Codes of {@code n} ids. An id outside [0, E) becomes masked under {@link InvalidPolicy#DROP}: left out either way.
     *
     * @throws MalformedRoutingException for such an id under {@link InvalidPolicy#ERROR}
     */
    static short[] of(int[] ids, int n, int numExperts, InvalidPolicy invalid, long row) {
        short[] codes = new short[n];
        for (int i = 0; i < n; i++) {
            int id = ids[i];
            if (id >= 0 && id < numExperts) {
                codes[i] = (short) id;
            } else if (id == -1 || invalid == InvalidPolicy.DROP) {
                codes[i] = MASKED;
            } else {
                throw MalformedRoutingException.expertId(row, i, id, numExperts);
            }
        }
        return codes;
    }
}
