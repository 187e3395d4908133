package io.sparkmoe.spark.exec;

import io.sparkmoe.core.analysis.CoactivationAccumulator;
import io.sparkmoe.core.analysis.CoactivationKind;
import io.sparkmoe.core.analysis.CoactivationOptions;
import io.sparkmoe.core.analysis.Triangle;
import io.sparkmoe.core.routing.IdCounts;
import io.sparkmoe.core.routing.IdOptions;
import io.sparkmoe.core.routing.RoutingBackend;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.spark.sql.catalyst.expressions.UnsafeArrayData;
import org.apache.spark.sql.types.DataType;

/** moe_coactivation: sums are the upper triangle of counts; the result is the whole matrix. */
public record CoactivationSum(CoactivationOptions options) implements FixedSums {
    @Override
    public int width() {
        return Triangle.size(options.numExperts());
    }

    @Override
    public DataType resultType() {
        return SumOperators.LONGS;
    }

    @Override
    public IdOptions ids() {
        return options.ids();
    }

    @Override
    public Object result(long[] sums) {
        return UnsafeArrayData.fromPrimitiveArray(Triangle.full(sums, options.numExperts()));
    }

    @Override
    public void update(long[] sums, Object[] columns) {
        int[] ids = (int[]) columns[0];
        int topk = Tokens.slots(ids.length, options.topk());
        for (int at = 0; at < ids.length; at += topk) {
            for (int a = at; a < at + topk; a++) {
                if (takes(ids, at, a)) {
                    addPairs(sums, ids, at, a, at + topk);
                }
            }
        }
    }

    private boolean takes(int[] ids, int token, int slot) {
        if (!SumOperators.counted(ids[slot], slot, options.numExperts(), options.invalid())) {
            return false;
        }
        boolean again = false;
        for (int i = token; options.kind() == CoactivationKind.TOKENS && i < slot; i++) {
            again |= ids[i] == ids[slot];
        }
        return !again;
    }

    /** The pairs of slot a with itself and with the later slots; both of their orders are one cell of the triangle. */
    private void addPairs(long[] sums, int[] ids, int token, int a, int end) {
        int experts = options.numExperts();
        boolean adjacent = options.kind() == CoactivationKind.ADJACENT;
        if (!adjacent) {
            sums[Triangle.index(ids[a], ids[a], experts)]++;
        }
        int last = adjacent ? Math.min(end, a + 2) : end;
        for (int b = a + 1; b < last; b++) {
            if (takes(ids, token, b)) {
                sums[Triangle.index(ids[a], ids[b], experts)] += ids[a] == ids[b] ? 2 : 1;
            }
        }
    }

    @Override
    public Accumulator open(RoutingBackend backend, BufferAllocator allocator) {
        CoactivationAccumulator counts = backend.analyses().coactivation(options, allocator);
        return new FixedAccumulator(width()) {
            @Override
            public void add(SumBatch batch, int[] slots, int numSlots) {
                counts.add(batch.first(), slots, numSlots);
            }

            @Override
            void read(int slot, long[] out) {
                counts.read(slot, out);
            }

            @Override
            public void clear() {
                counts.clear();
            }

            @Override
            public IdCounts counts() {
                return counts.counts();
            }

            @Override
            public void close() {
                counts.close();
            }
        };
    }
}
