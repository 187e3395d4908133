package io.sparkmoe.core.routing;

/** What becomes of a masked id: -1, or a NULL element of the list. */
public enum MaskedPolicy {
    /** Left out of every count and result, and counted in {@link IdCounts#masked()}. */
    DROP,
    /** Align only: a bin of its own, placed first, whose blocks carry expert -1 (SGLang with ignore_invalid=false). */
    BIN,
    /** epPreprocess form {@code sglang} only: sorted first and counted in expert 0's segment (SGLang). */
    KEEP,
    /** The batch is refused with a {@link MalformedRoutingException}. */
    ERROR
}
