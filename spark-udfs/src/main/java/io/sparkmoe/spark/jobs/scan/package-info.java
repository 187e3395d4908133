/**
 * Many analyses over one read of a trace: each task hands slices of rows to feeders, whose partial sums merge by addition.
 */
@NullMarked
package io.sparkmoe.spark.jobs.scan;

import org.jspecify.annotations.NullMarked;
