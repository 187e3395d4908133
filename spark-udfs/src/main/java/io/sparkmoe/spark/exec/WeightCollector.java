package io.sparkmoe.spark.exec;

import io.sparkmoe.core.analysis.WeightBatch;
import io.sparkmoe.core.routing.BufferSource;
import io.sparkmoe.core.routing.IdType;
import io.sparkmoe.core.routing.Memory;
import io.sparkmoe.core.routing.RoutingBatch;
import io.sparkmoe.core.routing.RoutingBatchBuilder;
import org.apache.spark.sql.catalyst.util.ArrayData;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.FloatType;
import org.jspecify.annotations.Nullable;

/** Copies lists of weights as float32; NULL elements become NaN. Their bits lie where an id batch has its int32 ids. */
final class WeightCollector implements AutoCloseable {
    private final DataType type;
    private final RoutingBatchBuilder builder;

    WeightCollector(DataType type, BufferSource buffers) {
        this.type = type;
        this.builder = new RoutingBatchBuilder(buffers);
    }

    /** The weights of one row. */
    static float[] read(DataType type, ArrayData list) {
        boolean single = ((ArrayType) type).elementType() instanceof FloatType;
        float[] out = new float[list.numElements()];
        for (int i = 0; i < out.length; i++) {
            out[i] = list.isNullAt(i) ? Float.NaN : single ? list.getFloat(i) : (float) list.getDouble(i);
        }
        return out;
    }

    void reset(long firstRow) {
        builder.reset(IdType.INT32, firstRow);
    }

    void add(@Nullable Object list) {
        float[] weights = list == null ? new float[0] : read(type, (ArrayData) list);
        long at = builder.reserve(weights.length);
        for (int i = 0; i < weights.length; i++) {
            Memory.putInt(at + 4L * i, Float.floatToRawIntBits(weights[i]));
        }
        builder.endSegment(weights.length);
    }

    WeightBatch batch() {
        RoutingBatch bits = builder.build();
        return new WeightBatch(bits.offsetsAddress(), bits.idsAddress());
    }

    @Override
    public void close() {
        builder.close();
    }
}
