package io.sparkmoe.spark.jobs.passes;

import static org.apache.spark.sql.functions.broadcast;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.min;

import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.storage.StorageLevel;

/**
 * Numbers the sequences that have decode tokens in key order (source, request_id, choice): a range sort of one small row
 * a sequence, so that no more than a partition of keys is in one memory.
 */
final class SequenceRanks implements AutoCloseable {
    /** Below this a copy on every executor is cheaper than shuffling the ids to the ranks. */
    private static final long BROADCAST_SEQUENCES = 500_000;

    private static final StructType SCHEMA = new StructType()
            .add("r_source", DataTypes.StringType)
            .add("r_request_id", DataTypes.StringType)
            .add("r_choice", DataTypes.IntegerType)
            .add("decode_start", DataTypes.IntegerType)
            .add("seq_rank", DataTypes.LongType);

    private final Dataset<Row> ranks;
    private final long sequences;

    private SequenceRanks(Dataset<Row> ranks, long sequences) {
        this.ranks = ranks;
        this.sequences = sequences;
    }

    static SequenceRanks of(Dataset<Row> decode) {
        JavaRDD<Row> keys = decode.groupBy("source", "request_id", "choice")
                .agg(min("first_position"))
                .orderBy("source", "request_id", "choice")
                .toJavaRDD();
        JavaRDD<Row> numbered = keys.zipWithIndex()
                .map(t ->
                        RowFactory.create(t._1().get(0), t._1().get(1), t._1().get(2), t._1().get(3), (Object) t._2()));
        Dataset<Row> ranks =
                decode.sparkSession().createDataFrame(numbered, SCHEMA).persist(StorageLevel.MEMORY_AND_DISK());
        try {
            return new SequenceRanks(ranks, ranks.count());
        } catch (RuntimeException e) {
            ranks.unpersist();
            throw e;
        }
    }

    /** Sequences that have decode tokens. */
    long sequences() {
        return sequences;
    }

    /** The decode rows with seq_rank and decode_start, the position of the sequence's first decode token. */
    Dataset<Row> join(Dataset<Row> decode) {
        Dataset<Row> right = sequences <= BROADCAST_SEQUENCES ? broadcast(ranks) : ranks;
        return decode.join(
                right,
                col("source")
                        .equalTo(col("r_source"))
                        .and(col("request_id").eqNullSafe(col("r_request_id")))
                        .and(col("choice").equalTo(col("r_choice"))));
    }

    @Override
    public void close() {
        ranks.unpersist();
    }
}
