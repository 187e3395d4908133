package io.sparkmoe.spark.exec;

import io.sparkmoe.core.analysis.CapacityAccumulator;
import io.sparkmoe.core.analysis.CapacityOptions;
import io.sparkmoe.core.analysis.CapacityTotals;
import io.sparkmoe.core.routing.IdCounts;
import io.sparkmoe.core.routing.IdOptions;
import io.sparkmoe.core.routing.RoutingBackend;
import java.util.Arrays;
import java.util.List;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.catalyst.expressions.UnsafeArrayData;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * moe_capacity: sums are passes, tokens, ids, then capacity, dropped, tokens hit and tokens lost for each factor.
 *
 * @param weighted whether an expert keeps the heaviest ids instead of the earliest
 */
public record CapacitySum(CapacityOptions options, boolean weighted) implements FixedSums {
    private static final int HEAD = 3;

    private static final StructType TYPE = new StructType()
            .add("factor", DataTypes.createArrayType(DataTypes.DoubleType, false), false)
            .add("capacity", SumOperators.LONGS, false)
            .add("dropped", SumOperators.LONGS, false)
            .add("tokens_hit", SumOperators.LONGS, false)
            .add("tokens_lost", SumOperators.LONGS, false)
            .add("passes", DataTypes.LongType, false)
            .add("tokens", DataTypes.LongType, false)
            .add("ids", DataTypes.LongType, false);

    @Override
    public List<SumInput> inputs() {
        return weighted ? List.of(SumInput.IDS, SumInput.WEIGHTS) : List.of(SumInput.IDS);
    }

    private int factors() {
        return options.factors().length;
    }

    @Override
    public int width() {
        return HEAD + 4 * factors();
    }

    @Override
    public DataType resultType() {
        return TYPE;
    }

    @Override
    public IdOptions ids() {
        return options.ids();
    }

    @Override
    public Object result(long[] sums) {
        return new GenericInternalRow(new Object[] {
            UnsafeArrayData.fromPrimitiveArray(options.factors()),
            part(sums, 0),
            part(sums, 1),
            part(sums, 2),
            part(sums, 3),
            sums[0],
            sums[1],
            sums[2]
        });
    }

    private UnsafeArrayData part(long[] sums, int part) {
        int from = HEAD + part * factors();
        return UnsafeArrayData.fromPrimitiveArray(Arrays.copyOfRange(sums, from, from + factors()));
    }

    @Override
    public void update(long[] sums, Object[] columns) {
        CapacityRow.add(sums, options, (int[]) columns[0], weighted ? (float[]) columns[1] : null);
    }

    @Override
    public Accumulator open(RoutingBackend backend, BufferAllocator allocator) {
        CapacityAccumulator capacity = backend.analyses().capacity(options, allocator);
        return new FixedAccumulator(width()) {
            @Override
            public void add(SumBatch batch, int[] slots, int numSlots) {
                capacity.add(batch.first(), batch.weights(), slots, numSlots);
            }

            @Override
            void read(int slot, long[] out) {
                CapacityTotals t = capacity.read(slot);
                out[0] = t.passes();
                out[1] = t.tokens();
                out[2] = t.ids();
                int at = HEAD;
                for (long[] part : List.of(t.capacity(), t.dropped(), t.tokensHit(), t.tokensLost())) {
                    System.arraycopy(part, 0, out, at, part.length);
                    at += part.length;
                }
            }

            @Override
            public void clear() {
                capacity.clear();
            }

            @Override
            public IdCounts counts() {
                return capacity.counts();
            }

            @Override
            public void close() {
                capacity.close();
            }
        };
    }
}
