/** Expert-id columns of Parquet tables read by our own decoder inside of Spark's scan; everything else stays Spark's. */
@org.jspecify.annotations.NullMarked
package io.sparkmoe.spark.scan;
