package io.sparkmoe.spark.jobs.scan;

import java.io.Serializable;
import org.apache.spark.Partitioner;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.rdd.PartitionPruningRDD;
import org.apache.spark.rdd.RDD;
import scala.runtime.AbstractFunction1;

/**
 * Sums go to the first partitions, decode rows, which may be very many, to the others: what is asked of sums does not read
 * the rows.
 */
final class PartialPartitioner extends Partitioner {
    private static final long serialVersionUID = 1L;

    private final int sums;
    private final int rows;

    PartialPartitioner(int sums, int rows) {
        this.sums = Math.max(1, sums);
        this.rows = Math.max(1, rows);
    }

    @Override
    public int numPartitions() {
        return sums + rows;
    }

    @Override
    public int getPartition(Object key) {
        PartialKey partial = (PartialKey) key;
        return partial.family() == Family.DECODE
                ? sums + Math.floorMod(partial.hashCode(), rows)
                : Math.floorMod(partial.hashCode(), sums);
    }

    /** The partitions of sums, or those of decode rows. */
    <T> JavaRDD<T> only(RDD<T> partials, boolean ofRows) {
        return PartitionPruningRDD.create(partials, new Side(sums, ofRows)).toJavaRDD();
    }

    private static final class Side extends AbstractFunction1<Object, Object> implements Serializable {
        private static final long serialVersionUID = 1L;

        private final int sums;
        private final boolean ofRows;

        Side(int sums, boolean ofRows) {
            this.sums = sums;
            this.ofRows = ofRows;
        }

        @Override
        public Object apply(Object partition) {
            return (Integer) partition >= sums == ofRows;
        }
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof PartialPartitioner p && sums == p.sums && rows == p.rows;
    }

    @Override
    public int hashCode() {
        return 31 * sums + rows;
    }
}
