package io.sparkmoe.core.analysis;

import java.io.Serializable;

/**
 * Options of {@link AnalysisBackend#agreement}.
 *
 * @param topk slots of a token, or {@link Topk#OF_SEGMENT}
 */
public record AgreementOptions(int topk) implements Serializable {
    public AgreementOptions {
        Topk.check(topk);
    }
}
