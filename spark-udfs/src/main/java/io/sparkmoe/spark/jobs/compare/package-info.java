/** Two routings of the same tokens beside each other: what lines up, what does not, and how far they agree. */
@NullMarked
package io.sparkmoe.spark.jobs.compare;

import org.jspecify.annotations.NullMarked;
