/** Forward passes replayed from recorded sequences, and what padding them would cost. */
@NullMarked
package io.sparkmoe.spark.jobs.passes;

import org.jspecify.annotations.NullMarked;
