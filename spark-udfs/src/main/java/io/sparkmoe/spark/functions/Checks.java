package io.sparkmoe.spark.functions;

import io.sparkmoe.spark.exec.SumInput;
import org.apache.spark.sql.catalyst.analysis.TypeCheckResult;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.BinaryType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DoubleType;
import org.apache.spark.sql.types.FloatType;
import org.apache.spark.sql.types.IntegerType;
import org.apache.spark.sql.types.LongType;
import org.apache.spark.sql.types.NullType;

/** Checks of argument types; a complaint becomes an AnalysisException. */
final class Checks {
    private Checks() {}

    static TypeCheckResult of(Runnable checks) {
        try {
            checks.run();
            return TypeCheckResult.TypeCheckSuccess$.MODULE$;
        } catch (IllegalArgumentException e) {
            return new TypeCheckResult.TypeCheckFailure(e.getMessage());
        }
    }

    /** The column given for a data parameter of a batch function. */
    static void data(String parameter, DataType type) {
        switch (parameter) {
            case "topk_ids", "reorder_topk_ids" -> ids(parameter, type);
            case "src2dst" -> positions(parameter, type);
            default -> tensor(parameter, type);
        }
    }

    /** A list of row numbers. */
    private static void positions(String name, DataType type) {
        DataType element = type instanceof ArrayType list ? list.elementType() : type;
        if (!(type instanceof NullType)
                && !(type instanceof ArrayType
                        && (element instanceof IntegerType
                                || element instanceof LongType
                                || element instanceof NullType))) {
            throw new IllegalArgumentException(name + " is an array of int or bigint; got " + type.sql());
        }
    }

    /** A list of float, a packed tensor, or an untyped NULL. */
    private static void tensor(String name, DataType type) {
        DataType element = type instanceof ArrayType list ? list.elementType() : type;
        boolean floats = type instanceof ArrayType && (element instanceof FloatType || element instanceof NullType);
        if (!floats && !(type instanceof BinaryType) && !(type instanceof NullType)) {
            throw new IllegalArgumentException(name + " is an array of float or packed binary (moe_pack_tensor); got "
                    + type.sql() + (type instanceof ArrayType ? ": cast it to array<float>" : ""));
        }
    }

    static void ids(DataType type) {
        ids("topk_ids", type);
    }

    /** Lists of integers, lists of lists of integers (tokens x topk), packed binary, or an untyped NULL. */
    static void ids(String name, DataType type) {
        DataType element = type instanceof ArrayType list ? list.elementType() : type;
        if (element instanceof ArrayType inner) {
            element = inner.elementType();
        }
        boolean integers = type instanceof ArrayType && (Constants.integral(element) || element instanceof NullType);
        if (!integers && !(type instanceof BinaryType) && !(type instanceof NullType)) {
            throw new IllegalArgumentException(
                    name + " is an array of tinyint, smallint, int or bigint, an array of such "
                            + "arrays (tokens x topk), or packed binary (moe_pack_ids); got " + type.sql());
        }
    }

    /** A number of 32 bits. */
    static void integer(String name, DataType type) {
        if (!(type instanceof IntegerType) && !(type instanceof NullType)) {
            throw new IllegalArgumentException(name + " is an int; got " + type.sql());
        }
    }

    /** The type of an aggregate's data column. */
    static void input(SumInput input, String name, DataType type) {
        DataType element = type instanceof ArrayType list ? list.elementType() : type;
        boolean fits = switch (input) {
            case IDS -> {
                ids(name, type);
                yield true;
            }
            case LAYERS -> type instanceof ArrayType && Constants.integral(element);
            case LAYERED_IDS -> element instanceof ArrayType inner && Constants.integral(inner.elementType());
            case WEIGHTS -> element instanceof FloatType || element instanceof DoubleType;
        };
        if (!fits && !(type instanceof NullType)) {
            String what = switch (input) {
                case LAYERS -> "an array of integers";
                case LAYERED_IDS -> "an array of arrays of integers, one a layer";
                default -> "an array of float or double";
            };
            throw new IllegalArgumentException(name + " is " + what + "; got " + type.sql());
        }
    }

    /** A list of bigint, such as counts or seg_indptr. */
    static void longs(String name, DataType type) {
        if (!(type instanceof ArrayType list && list.elementType() instanceof LongType)
                && !(type instanceof NullType)) {
            throw new IllegalArgumentException(name + " is an array of bigint; got " + type.sql());
        }
    }
}
