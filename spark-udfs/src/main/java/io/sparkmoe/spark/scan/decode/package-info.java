/**
 * Expert ids straight from the pages of Parquet list columns: page walk, codecs, levels, ids. Knows parquet-java's footer
 * classes and Arrow's memory, and nothing of Spark.
 */
@org.jspecify.annotations.NullMarked
package io.sparkmoe.spark.scan.decode;
