/** Reading rows of the trace table as Spark hands them to a task. */
@NullMarked
package io.sparkmoe.spark.jobs.rows;

import org.jspecify.annotations.NullMarked;
