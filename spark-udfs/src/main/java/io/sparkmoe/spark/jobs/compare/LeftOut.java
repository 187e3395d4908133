package io.sparkmoe.spark.jobs.compare;

import java.io.Serializable;

/**
 * What a comparison could not line up, by reason. {@code ..._missing_left} is what the left side lacks and the right has.
 *
 * @param reason one of the constants
 * @param sequences sequences that the reason holds for
 * @param tokens tokens (positions) of these that it holds for; layers do not multiply it
 */
public record LeftOut(String reason, long sequences, long tokens) implements Serializable {
    private static final long serialVersionUID = 1L;

    /** Sequences that the left side does not have. */
    public static final String REQUEST_MISSING_LEFT = "request_missing_left";

    public static final String REQUEST_MISSING_RIGHT = "request_missing_right";

    /** Positions that the left side does not have, of sequences that both have. */
    public static final String POSITION_MISSING_LEFT = "position_missing_left";

    public static final String POSITION_MISSING_RIGHT = "position_missing_right";

    /** Positions that both sides have, with a layer that the left side does not have there; their other layers count. */
    public static final String LAYER_MISSING_LEFT = "layer_missing_left";

    public static final String LAYER_MISSING_RIGHT = "layer_missing_right";

    /** Sequences of which the left side has a position at one layer more than once: nobody knows which is meant. */
    public static final String DUPLICATE_LEFT = "duplicate_left";

    public static final String DUPLICATE_RIGHT = "duplicate_right";

    /** Positions at which the two sides name different token ids. */
    public static final String OTHER_TEXT = "other_text";

    LeftOut plus(LeftOut o) {
        return new LeftOut(reason, sequences + o.sequences, tokens + o.tokens);
    }
}
