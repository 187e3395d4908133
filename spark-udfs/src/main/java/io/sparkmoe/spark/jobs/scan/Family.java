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
    IRREGULAR(true),
    /** a = layer, b = unit and width, c = window; load of the window. */
    WINDOW(true),
    /** b = unit and width, c = window; its first and last unit. */
    WINDOW_SPAN(false),
    /** a = layer, b = tokens per pass, text = phase; figures of whole passes. */
    PASSES(true),
    /** a = layer, b = tokens per pass, c = where the pass starts or its step; tokens and counts of a pass. */
    FRAGMENT(true),
    /** a = layer, b = choice; where a piece of a cut sequence starts. */
    EDGE(false),
    /** a = layer, b = choice, c = first position; a decode row. */
    DECODE(false);

    /** Whether partials are sums that are added up, a row of int64 a key; others are kept one by one. */
    final boolean sums;

    Family(boolean sums) {
        this.sums = sums;
    }
}
