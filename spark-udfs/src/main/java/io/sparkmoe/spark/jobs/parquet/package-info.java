/** Writing the trace table as Parquet. */
@NullMarked
package io.sparkmoe.spark.jobs.parquet;

import org.jspecify.annotations.NullMarked;
