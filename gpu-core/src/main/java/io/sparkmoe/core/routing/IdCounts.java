package io.sparkmoe.core.routing;

/**
 * What an operator left out of its results, summed over the batch. Nothing is dropped without being counted here.
 *
 * @param ids all ids of the batch
 * @param masked masked ids that were left out
 * @param invalidDropped ids outside [0, num_experts) that {@link InvalidPolicy#DROP} left out
 * @param nonLocalDropped valid ids that an expert map in its local form left out
 */
public record IdCounts(long ids, long masked, long invalidDropped, long nonLocalDropped) {
    public static final IdCounts NONE = new IdCounts(0, 0, 0, 0);

    public IdCounts plus(IdCounts other) {
        return new IdCounts(
                ids + other.ids,
                masked + other.masked,
                invalidDropped + other.invalidDropped,
                nonLocalDropped + other.nonLocalDropped);
    }
}
