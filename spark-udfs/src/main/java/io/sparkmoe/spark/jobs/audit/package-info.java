/** What a trace holds and what is wrong with it: an aggregate over rows, exact under retry and speculation. */
@NullMarked
package io.sparkmoe.spark.jobs.audit;

import org.jspecify.annotations.NullMarked;
