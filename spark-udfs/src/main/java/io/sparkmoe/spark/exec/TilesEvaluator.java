package io.sparkmoe.spark.exec;

import io.sparkmoe.core.routing.ListBuffer;
import io.sparkmoe.core.routing.Memory;
import io.sparkmoe.core.routing.TilesResult;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.catalyst.expressions.UnsafeArrayData;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.util.ArrowUtils;

/** moe_grouped_gemm_tiles on one list. */
public final class TilesEvaluator {
    private static final DataType LONGS = DataTypes.createArrayType(DataTypes.LongType, false);

    public static final StructType TYPE = new StructType()
            .add("m_num_tiles_indptr", LONGS, false)
            .add("tile_expert", DataTypes.createArrayType(DataTypes.IntegerType, false), false)
            .add("tile_row_start", LONGS, false)
            .add("tile_row_end", LONGS, false);

    private TilesEvaluator() {}

    public static InternalRow evaluate(long[] segIndptr, int blockM) {
        BufferAllocator allocator = ArrowUtils.rootAllocator().newChildAllocator("spark-moe-row", 0, Long.MAX_VALUE);
        try (allocator;
                ArrowBuf offsets = allocator.buffer(8);
                ArrowBuf values = allocator.buffer(Math.max(8, 8L * segIndptr.length))) {
            offsets.setInt(0, 0);
            offsets.setInt(4, segIndptr.length);
            Memory.copy(segIndptr, Memory.LONGS, values.memoryAddress(), 8L * segIndptr.length);
            ListBuffer input = new ListBuffer(1, 8, offsets, values);
            try (TilesResult r = RowEvaluator.CPU.groupedGemmTiles(input, 0, blockM, allocator)) {
                return new GenericInternalRow(new Object[] {
                    UnsafeArrayData.fromPrimitiveArray(r.mNumTilesIndptr().longs(0)),
                    UnsafeArrayData.fromPrimitiveArray(r.tileExpert().ints(0)),
                    UnsafeArrayData.fromPrimitiveArray(r.tileRowStart().longs(0)),
                    UnsafeArrayData.fromPrimitiveArray(r.tileRowEnd().longs(0))
                });
            }
        }
    }
}
