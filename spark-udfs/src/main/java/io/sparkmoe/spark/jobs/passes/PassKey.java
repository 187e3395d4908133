package io.sparkmoe.spark.jobs.passes;

import java.io.Serializable;

/**
 * What padding figures are summed by.
 *
 * @param layer index of the layer in the model
 * @param phase {@link PassReplay#PREFILL}, {@link PassReplay#DECODE} or {@link PassReplay#RECORDED}
 * @param tokensPerPass N of the replay, or 0 where the recorder named the passes
 */
public record PassKey(int layer, String phase, int tokensPerPass) implements Serializable {
    private static final long serialVersionUID = 1L;
}
