package io.sparkmoe.spark.jobs.scan;

/** What a partial belongs to. */
enum Family {
    /** One audit a task. */
    AUDIT(false),
    /** a = layer; sums of {@link LoadFeeder}. */
    LOAD(true),
    /** a = layer; the upper triangle of counts. */
    COACTIVATION(true),
    /** a, b = from and to layer; E x E counts. */
    TRANSITION(true),
    /** Tokens of blocks that have no transitions. */
    IRREGULAR(true);

    /** Whether partials are sums that are added up, a row of int64 a key; others are kept one by one. */
    final boolean sums;

    Family(boolean sums) {
        this.sums = sums;
    }
}
