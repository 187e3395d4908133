/** What Java needs to speak with Spark's Scala API. */
@NullMarked
package io.sparkmoe.spark.interop;

import org.jspecify.annotations.NullMarked;
