package io.sparkmoe.spark.exec;

import io.sparkmoe.core.analysis.WeightBatch;
import io.sparkmoe.core.routing.RoutingBatch;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The rows that a partial node has collected for one aggregate.
 *
 * @param ids a batch for each id or layer column, in the order of the operator's inputs; one segment a row
 * @param weights the weights' column, where there is one
 */
public record SumBatch(List<RoutingBatch> ids, @Nullable WeightBatch weights) {
    /** The batch of the first column. */
    public RoutingBatch first() {
        return ids.get(0);
    }
}
