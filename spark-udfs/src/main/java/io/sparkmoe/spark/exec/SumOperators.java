package io.sparkmoe.spark.exec;

import io.sparkmoe.core.routing.CountsOptions;
import io.sparkmoe.core.routing.ExpertLoadAccumulator;
import io.sparkmoe.core.routing.IdCounts;
import io.sparkmoe.core.routing.IdOptions;
import io.sparkmoe.core.routing.InvalidPolicy;
import io.sparkmoe.core.routing.MalformedRoutingException;
import io.sparkmoe.core.routing.PaddingAccumulator;
import io.sparkmoe.core.routing.PaddingOptions;
import io.sparkmoe.core.routing.PaddingTotals;
import io.sparkmoe.core.routing.RoutingBackend;
import java.util.Arrays;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.catalyst.expressions.UnsafeArrayData;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/** The aggregates that run batch-wise. */
public final class SumOperators {
    static final DataType LONGS = DataTypes.createArrayType(DataTypes.LongType, false);

    private SumOperators() {}

    /** Throws for an invalid id, or says that it is to be left out. */
    static boolean counted(int id, int position, int numExperts, InvalidPolicy invalid) {
        if (id >= 0 && id < numExperts) {
            return true;
        }
        if (id != -1 && invalid == InvalidPolicy.ERROR) {
            throw MalformedRoutingException.expertId(0, position, id, numExperts);
        }
        return false;
    }

    /** moe_expert_load: sums [E] are the counts. */
    public record ExpertLoad(CountsOptions options) implements FixedSums {
        @Override
        public int width() {
            return options.numExperts();
        }

        @Override
        public DataType resultType() {
            return LONGS;
        }

        @Override
        public IdOptions ids() {
            return options.ids();
        }

        @Override
        public Object result(long[] sums) {
            return UnsafeArrayData.fromPrimitiveArray(sums);
        }

        @Override
        public void update(long[] sums, Object[] columns) {
            int[] ids = (int[]) columns[0];
            for (int i = 0; i < ids.length; i++) {
                if (counted(ids[i], i, options.numExperts(), options.invalid())) {
                    sums[ids[i]]++;
                }
            }
        }

        @Override
        public Accumulator open(RoutingBackend backend, BufferAllocator allocator) {
            ExpertLoadAccumulator load = backend.expertLoad(options, allocator);
            return new FixedAccumulator(width()) {
                @Override
                public void add(SumBatch batch, int[] slots, int numSlots) {
                    load.add(batch.first(), slots, numSlots);
                }

                @Override
                void read(int slot, long[] out) {
                    load.read(slot, out);
                }

                @Override
                public void clear() {
                    load.clear();
                }

                @Override
                public IdCounts counts() {
                    return load.counts();
                }

                @Override
                public void close() {
                    load.close();
                }
            };
        }
    }

    /** moe_padding_sum: sums are blocks [B], slots [B], used, active experts, segments. */
    public record PaddingSum(PaddingOptions options) implements FixedSums {
        private static final StructType TYPE = new StructType()
                .add("block_size", DataTypes.createArrayType(DataTypes.IntegerType, false), false)
                .add("blocks", LONGS, false)
                .add("slots", LONGS, false)
                .add("used", DataTypes.LongType, false)
                .add("active_experts", DataTypes.DoubleType, true);

        @Override
        public int width() {
            return 2 * options.blockSizes().length + 3;
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
            int n = options.blockSizes().length;
            long segments = sums[2 * n + 2];
            return new GenericInternalRow(new Object[] {
                UnsafeArrayData.fromPrimitiveArray(options.blockSizes()),
                UnsafeArrayData.fromPrimitiveArray(Arrays.copyOf(sums, n)),
                UnsafeArrayData.fromPrimitiveArray(Arrays.copyOfRange(sums, n, 2 * n)),
                sums[2 * n],
                segments == 0 ? null : (Object) ((double) sums[2 * n + 1] / segments)
            });
        }

        @Override
        public void update(long[] sums, Object[] columns) {
            int[] ids = (int[]) columns[0];
            int[] blockSizes = options.blockSizes();
            int n = blockSizes.length;
            int[] counts = new int[options.numExperts()];
            for (int i = 0; i < ids.length; i++) {
                if (counted(ids[i], i, options.numExperts(), options.invalid())) {
                    counts[ids[i]]++;
                }
            }
            for (int count : counts) {
                for (int b = 0; b < n && count > 0; b++) {
                    long blocks = (count + blockSizes[b] - 1L) / blockSizes[b];
                    sums[b] += blocks;
                    sums[n + b] += blocks * blockSizes[b];
                }
                sums[2 * n] += count;
                sums[2 * n + 1] += count > 0 ? 1 : 0;
            }
            sums[2 * n + 2]++;
        }

        @Override
        public Accumulator open(RoutingBackend backend, BufferAllocator allocator) {
            PaddingAccumulator padding = backend.paddingTotals(options, allocator);
            return new FixedAccumulator(width()) {
                @Override
                public void add(SumBatch batch, int[] slots, int numSlots) {
                    padding.add(batch.first(), slots, numSlots);
                }

                @Override
                void read(int slot, long[] out) {
                    PaddingTotals t = padding.read(slot);
                    int n = t.blocks().length;
                    System.arraycopy(t.blocks(), 0, out, 0, n);
                    System.arraycopy(t.slots(), 0, out, n, n);
                    out[2 * n] = t.used();
                    out[2 * n + 1] = t.activeExperts();
                    out[2 * n + 2] = t.segments();
                }

                @Override
                public void clear() {
                    padding.clear();
                }

                @Override
                public IdCounts counts() {
                    return padding.counts();
                }

                @Override
                public void close() {
                    padding.close();
                }
            };
        }
    }
}
