package io.sparkmoe.spark.functions;

import io.sparkmoe.core.metrics.BalanceMetrics;
import io.sparkmoe.core.routing.IdOptions;
import io.sparkmoe.core.routing.PackedIds;
import io.sparkmoe.spark.exec.RowIds;
import io.sparkmoe.spark.exec.TilesEvaluator;
import java.util.List;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.catalyst.expressions.UnsafeArrayData;
import org.apache.spark.sql.catalyst.util.ArrayData;
import org.apache.spark.sql.types.BinaryType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.NullType;
import org.apache.spark.sql.types.StructType;
import org.jspecify.annotations.Nullable;

/** The row-wise functions: packing, tiles of a grouped GEMM, balance metrics. */
final class ScalarFunctions {
    /** A function with its constants applied, of its data arguments, none of which is NULL. */
    interface Body {
        DataType resultType();

        @Nullable
        Object apply(Object[] values);
    }

    static final List<FunctionSpec> ALL = List.of(
            new FunctionSpec(
                    "moe_grouped_gemm_tiles",
                    List.of(
                            Parameter.column(
                                    "seg_indptr",
                                    "array of bigint [experts + 1], ascending: where each expert's rows start"),
                            Parameter.column("block_m", "int: rows of a tile, at least 1; a constant or a column")),
                    new FunctionDoc(
                            "The tile schedule of a grouped GEMM: each expert's rows cut into tiles of block_m.",
                            "struct<m_num_tiles_indptr array<bigint>, tile_expert array<int>, tile_row_start array<bigint>, "
                                    + "tile_row_end array<bigint>>.",
                            "SELECT moe_grouped_gemm_tiles(array(0L, 3L, 3L, 5L), block_m => 2)",
                            "{\"m_num_tiles_indptr\":[0,2,2,3],\"tile_expert\":[0,0,2],\"tile_row_start\":[0,2,3],"
                                    + "\"tile_row_end\":[2,3,5]}"),
                    ScalarFunction::of),
            new FunctionSpec(
                    "moe_pack_ids",
                    List.of(IdFunctions.IDS),
                    new FunctionDoc(
                            "Packs ids into one, two or four bytes each; every function of ids takes the result.",
                            "binary: 0xE1, the width (plus 0x80 where all-ones stands for -1), the ids little-endian.",
                            "SELECT hex(moe_pack_ids(array(1, 2, -1)))",
                            "E1810102FF"),
                    ScalarFunction::of),
            new FunctionSpec(
                    "moe_unpack_ids",
                    List.of(Parameter.column("packed", "binary made by moe_pack_ids")),
                    new FunctionDoc(
                            "Unpacks ids; masked ones come back as -1.",
                            "array<int>.",
                            "SELECT moe_unpack_ids(unhex('E1810102FF'))",
                            "[1,2,-1]"),
                    ScalarFunction::of),
            new FunctionSpec(
                    "moe_balance",
                    List.of(
                            Parameter.column("counts", "array of bigint: ids of each expert"),
                            Parameter.optional(
                                    "ranks",
                                    null,
                                    "number of ranks holding contiguous blocks of experts; NULL for none")),
                    new FunctionDoc(
                            "Balance metrics of expert counts; each field names the engine whose definition it follows. A "
                                    + "metric without a value (denominator 0, no ranks) is NULL.",
                            "struct of doubles: " + String.join(", ", BalanceMetrics.names()) + ".",
                            "SELECT moe_balance(array(1L, 3L, 0L, 4L)).imbalance_max_mean",
                            "2.0"),
                    ScalarFunction::of));

    private static final IdOptions ANY_IDS = IdOptions.of(IdOptions.MAX_EXPERTS);

    private ScalarFunctions() {}

    static Body body(String name, DataType type, Constants c) {
        return switch (name) {
            case "moe_grouped_gemm_tiles" -> tiles(type, c);
            case "moe_pack_ids" -> pack(type);
            case "moe_unpack_ids" -> unpack(type);
            case "moe_balance" -> balance(type, c.optionalInteger("ranks"));
            default -> throw new IllegalStateException("no body for " + name);
        };
    }

    private static Body tiles(DataType type, Constants c) {
        Checks.longs("seg_indptr", type);
        Checks.integer("block_m", c.type("block_m"));
        Integer constant = c.isConstant("block_m") ? c.optionalInteger("block_m") : null;
        if (constant != null) {
            positive(constant);
        }
        return new Body() {
            @Override
            public DataType resultType() {
                return TilesEvaluator.TYPE;
            }

            @Override
            public Object apply(Object[] values) {
                return TilesEvaluator.evaluate(longs("seg_indptr", (ArrayData) values[0]), positive((int) values[1]));
            }
        };
    }

    private static int positive(int blockM) {
        if (blockM < 1) {
            throw new IllegalArgumentException("block_m must be at least 1, got " + blockM);
        }
        return blockM;
    }

    private static Body pack(DataType type) {
        Checks.ids(type);
        return new Body() {
            @Override
            public DataType resultType() {
                return DataTypes.BinaryType;
            }

            @Override
            public Object apply(Object[] values) {
                return PackedIds.pack(RowIds.read(type, values[0], ANY_IDS), 0);
            }
        };
    }

    private static Body unpack(DataType type) {
        if (!(type instanceof BinaryType) && !(type instanceof NullType)) {
            throw new IllegalArgumentException("packed is binary made by moe_pack_ids; got " + type.sql());
        }
        return new Body() {
            @Override
            public DataType resultType() {
                return DataTypes.createArrayType(DataTypes.IntegerType, false);
            }

            @Override
            public Object apply(Object[] values) {
                return UnsafeArrayData.fromPrimitiveArray(PackedIds.unpack((byte[]) values[0], 0));
            }
        };
    }

    private static Body balance(DataType type, @Nullable Integer ranks) {
        Checks.longs("counts", type);
        if (ranks != null && ranks < 1) {
            throw new IllegalArgumentException("ranks must be at least 1, got " + ranks);
        }
        StructType struct = new StructType();
        for (String metric : BalanceMetrics.names()) {
            struct = struct.add(metric, DataTypes.DoubleType, true);
        }
        StructType result = struct;
        return new Body() {
            @Override
            public DataType resultType() {
                return result;
            }

            @Override
            public Object apply(Object[] values) {
                return new GenericInternalRow((Object[])
                        BalanceMetrics.of(longs("counts", (ArrayData) values[0]), ranks)
                                .values());
            }
        };
    }

    private static long[] longs(String name, ArrayData array) {
        for (int i = 0; i < array.numElements(); i++) {
            if (array.isNullAt(i)) {
                throw new IllegalArgumentException(name + "[" + i + "] is NULL; every entry must be a number");
            }
        }
        return array.toLongArray();
    }
}
