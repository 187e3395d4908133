package io.sparkmoe.spark.jobs.compare;

import java.io.Serializable;

/** The model that both sides must be recordings of. */
public record CompareOptions(int numExperts, int topk) implements Serializable {
    private static final long serialVersionUID = 1L;
}
