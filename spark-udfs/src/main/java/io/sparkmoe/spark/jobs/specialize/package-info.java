/** Which experts serve which domains, and how far token ids choose their experts. */
@NullMarked
package io.sparkmoe.spark.jobs.specialize;

import org.jspecify.annotations.NullMarked;
