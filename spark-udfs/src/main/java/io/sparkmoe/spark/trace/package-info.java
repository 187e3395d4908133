/**
 * Routing traces: one table schema and one reader a recorder, as the data source {@code moe_trace}.
 *
 * <p>Scans have no side effects: they count nothing and write nothing, so retries, speculation and pruning change no
 * result. What cannot be used becomes a marked row, or stops the job.
 */
@NullMarked
package io.sparkmoe.spark.trace;

import org.jspecify.annotations.NullMarked;
