/** The command line's verbs, and what they share: input, output, progress, errors. */
@NullMarked
package io.sparkmoe.spark.jobs;

import org.jspecify.annotations.NullMarked;
