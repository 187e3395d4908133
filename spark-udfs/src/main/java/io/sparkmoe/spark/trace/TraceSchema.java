package io.sparkmoe.spark.trace;

import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * The trace table, version 1. One row is the routing of {@code num_tokens} consecutive tokens of one request (or one
 * forward pass) at one MoE layer; {@code topk_ids} has {@code num_tokens * topk} ids, token-major, -1 = route not known.
 */
public final class TraceSchema {
    /** Version of the table, kept in the footer of Parquet files under {@link #VERSION_KEY}. */
    public static final int VERSION = 1;

    /** Footer key of the version in Parquet files. */
    public static final String VERSION_KEY = "sparkmoe.trace.version";

    public static final String SOURCE = "source";
    public static final String REQUEST_ID = "request_id";
    public static final String CHOICE = "choice";
    public static final String STEP = "step";
    public static final String RANK = "rank";
    public static final String CHECKPOINT = "checkpoint";
    public static final String PHASE = "phase";
    public static final String LAYER = "layer";
    public static final String FIRST_POSITION = "first_position";
    public static final String NUM_TOKENS = "num_tokens";
    public static final String NUM_EXPERTS = "num_experts";
    public static final String TOPK = "topk";
    public static final String SLOT_ORDER = "slot_order";
    public static final String TOPK_IDS = "topk_ids";
    public static final String TOPK_WEIGHTS = "topk_weights";
    public static final String TOKEN_IDS = "token_ids";
    public static final String ID_SPACE = "id_space";
    public static final String BAD = "bad";
    public static final String ATTRIBUTES = "attributes";

    /** What is wrong with a marked row; its {@code topk_ids} is NULL. Good rows have {@code bad} NULL. */
    public static final StructType BAD_TYPE = new StructType()
            .add("reason", DataTypes.StringType)
            .add("record", DataTypes.LongType)
            .add("position", DataTypes.LongType)
            .add("value", DataTypes.StringType)
            .add("allowed", DataTypes.StringType)
            .add("bytes", DataTypes.BinaryType);

    static final DataType ATTRIBUTES_TYPE = DataTypes.createMapType(DataTypes.StringType, DataTypes.StringType, true);

    private TraceSchema() {}

    /** The type of {@code topk_ids}: array&lt;smallint&gt; while every expert id fits, else array&lt;int&gt;. */
    public static DataType idsType(int numExperts) {
        return DataTypes.createArrayType(wide(numExperts) ? DataTypes.IntegerType : DataTypes.ShortType, false);
    }

    static boolean wide(int numExperts) {
        return numExperts > Short.MAX_VALUE;
    }

    /** The trace table with the given type of {@code topk_ids}; {@code token_ids} is always there, NULL unless asked for. */
    public static StructType of(DataType idsType) {
        return new StructType()
                .add(SOURCE, DataTypes.StringType)
                .add(REQUEST_ID, DataTypes.StringType)
                .add(CHOICE, DataTypes.IntegerType)
                .add(STEP, DataTypes.LongType)
                .add(RANK, DataTypes.IntegerType)
                .add(CHECKPOINT, DataTypes.StringType)
                .add(PHASE, DataTypes.StringType)
                .add(LAYER, DataTypes.IntegerType)
                .add(FIRST_POSITION, DataTypes.IntegerType)
                .add(NUM_TOKENS, DataTypes.IntegerType)
                .add(NUM_EXPERTS, DataTypes.IntegerType)
                .add(TOPK, DataTypes.IntegerType)
                .add(SLOT_ORDER, DataTypes.StringType)
                .add(TOPK_IDS, idsType)
                .add(TOPK_WEIGHTS, DataTypes.createArrayType(DataTypes.FloatType, false))
                .add(TOKEN_IDS, DataTypes.createArrayType(DataTypes.IntegerType, false))
                .add(ID_SPACE, DataTypes.StringType)
                .add(BAD, BAD_TYPE)
                .add(ATTRIBUTES, ATTRIBUTES_TYPE);
    }
}
