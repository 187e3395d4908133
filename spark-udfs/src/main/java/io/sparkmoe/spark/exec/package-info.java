/** What runs inside a task: id collection, the batch evaluators, the executor's backend, results as columns. */
@NullMarked
package io.sparkmoe.spark.exec;

import org.jspecify.annotations.NullMarked;
