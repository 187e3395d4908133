package io.sparkmoe.spark.trace;

import org.apache.parquet.schema.GroupType;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.Float16LogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.IntLogicalTypeAnnotation;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Type;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.jspecify.annotations.Nullable;

/**
 * The columns of FLAME-MoE-Traces, and what is asked of them. Spark is given their types: it refuses to infer any from
 * Parquet's FLOAT16, which it reads as two bytes.
 */
final class FlameColumns {
    static final String INDICES = "indices";
    static final String SCORES = "scores";
    static final String TOKEN_ID = "token_id";

    /** Layer files: a row a token. */
    static final StructType LAYER = new StructType()
            .add(INDICES, DataTypes.createArrayType(DataTypes.ShortType))
            .add(SCORES, DataTypes.createArrayType(DataTypes.BinaryType));

    /** Files of samples: a row a token. */
    static final StructType SAMPLE = new StructType().add(TOKEN_ID, DataTypes.IntegerType);

    private FlameColumns() {}

    /**
     * Checks that indices is list&lt;int16&gt; (or int8), with topk values a row on average.
     *
     * @throws BadRecord.Found for other types and other numbers of values
     */
    static void checkIds(FlameFile file, int topk) throws BadRecord.Found {
        Type element = element(file.schema(), INDICES);
        if (!(element != null && narrowInteger(element))) {
            throw columns(file, INDICES, "list<int16>");
        }
        long values = file.values(INDICES);
        if (file.rows() > 0 && values % file.rows() == 0 && values / file.rows() != topk) {
            throw new BadRecord.Found(
                    BadReason.TOPK,
                    -1,
                    values / file.rows() + " indices a row",
                    "topk = " + topk,
                    "the lists of " + "indices are not topk long");
        }
    }

    /** @throws BadRecord.Found when the file has scores that are none of list&lt;float16&gt; */
    static void checkScores(FlameFile file) throws BadRecord.Found {
        Type element = element(file.schema(), SCORES);
        boolean half = element != null && element.getLogicalTypeAnnotation() instanceof Float16LogicalTypeAnnotation;
        if (file.schema().containsField(SCORES) && !half) {
            throw columns(file, SCORES, "list<float16>");
        }
    }

    /** @throws BadRecord.Found when token_id is no int32 */
    static void checkTokens(FlameFile file) throws BadRecord.Found {
        Type type = file.schema().containsField(TOKEN_ID) ? file.schema().getType(TOKEN_ID) : null;
        LogicalTypeAnnotation meaning = type == null ? null : type.getLogicalTypeAnnotation();
        boolean plain = meaning == null || meaning.equals(LogicalTypeAnnotation.intType(32, true));
        if (type == null || !is(type, PrimitiveTypeName.INT32) || !plain) {
            throw columns(file, TOKEN_ID, "int32");
        }
    }

    private static BadRecord.Found columns(FlameFile file, String name, String allowed) {
        String seen = file.schema().containsField(name)
                ? file.schema().getType(name).toString().replaceAll("\\s+", " ")
                : "no such column";
        return new BadRecord.Found(BadReason.COLUMNS, -1, seen, allowed, "column " + name + " is not as published");
    }

    /** The element of a three-level list, or null where the column is none. */
    private static @Nullable Type element(MessageType schema, String name) {
        if (!schema.containsField(name) || schema.getType(name).isPrimitive()) {
            return null;
        }
        GroupType list = schema.getType(name).asGroupType();
        if (list.getFieldCount() != 1
                || list.getType(0).isPrimitive()
                || !list.getType(0).isRepetition(Type.Repetition.REPEATED)) {
            return null;
        }
        GroupType repeated = list.getType(0).asGroupType();
        return repeated.getFieldCount() == 1 ? repeated.getType(0) : null;
    }

    private static boolean narrowInteger(Type element) {
        return is(element, PrimitiveTypeName.INT32)
                && element.getLogicalTypeAnnotation() instanceof IntLogicalTypeAnnotation integer
                && integer.isSigned()
                && integer.getBitWidth() <= 16;
    }

    private static boolean is(Type type, PrimitiveTypeName name) {
        return type instanceof PrimitiveType primitive && primitive.getPrimitiveTypeName() == name;
    }
}
