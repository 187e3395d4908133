package io.sparkmoe.core.routing;

/** What becomes of an id below -1 or not below num_experts. */
public enum InvalidPolicy {
    /** The batch is refused with a {@link MalformedRoutingException} that names row, position and value. */
    ERROR,
    /** The id is left out of every result and counted in {@link IdCounts#invalidDropped()} (as vLLM's align does). */
    DROP
}
