package io.sparkmoe.spark.exec;

import io.sparkmoe.core.routing.IdCounts;
import org.apache.spark.sql.vectorized.ColumnVector;

/**
 * A function's results over a batch.
 *
 * @param column the results; readable until close
 * @param owner what frees the memory
 * @param bytes memory held
 */
public record ResultColumn(ColumnVector column, IdCounts counts, long bytes, AutoCloseable owner)
        implements AutoCloseable {
    @Override
    public void close() {
        try {
            owner.close();
        } catch (Exception e) {
            throw new IllegalStateException("freeing a batch's results failed", e);
        }
    }
}
