package io.sparkmoe.spark.exec;

import io.sparkmoe.core.analysis.LayerPair;
import io.sparkmoe.core.analysis.TransitionOptions;
import io.sparkmoe.core.routing.IdOptions;
import io.sparkmoe.core.routing.MalformedRoutingException;
import io.sparkmoe.core.routing.RoutingBackend;
import java.util.List;
import java.util.Map;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.catalyst.expressions.UnsafeArrayData;
import org.apache.spark.sql.catalyst.util.GenericArrayData;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/** moe_transition over the wide form: counts of every layer pair that the rows hold. */
public record TransitionSum(TransitionOptions options) implements SumOperator {
    /** Layers of a large model, to size groups before the data is seen. */
    private static final int USUAL_LAYERS = 64;

    private static final DataType TYPE = DataTypes.createArrayType(
            new StructType()
                    .add("from_layer", DataTypes.IntegerType, false)
                    .add("to_layer", DataTypes.IntegerType, false)
                    .add("counts", SumOperators.LONGS, false),
            false);

    @Override
    public List<SumInput> inputs() {
        return List.of(SumInput.LAYERS, SumInput.LAYERED_IDS);
    }

    @Override
    public Totals totals() {
        return new PairTotals(options.numExperts());
    }

    @Override
    public long groupBytes() {
        long pairs = options.lag() == TransitionOptions.ALL_PAIRS
                ? USUAL_LAYERS * (USUAL_LAYERS - 1) / 2 / options.parts()
                : USUAL_LAYERS / options.parts();
        return 4L * options.numExperts() * options.numExperts() * Math.max(1, pairs);
    }

    @Override
    public DataType resultType() {
        return TYPE;
    }

    @Override
    public IdOptions ids() {
        // Layers are collected like ids and have another range; the accumulator holds ids to theirs.
        return IdOptions.of(IdOptions.MAX_EXPERTS).withInvalid(options.invalid());
    }

    @Override
    public Object result(Totals totals) {
        Map<LayerPair, long[]> counts = ((PairTotals) totals).counts();
        return new GenericArrayData(counts.entrySet().stream()
                .map(e -> new GenericInternalRow(new Object[] {
                    e.getKey().fromLayer(), e.getKey().toLayer(), UnsafeArrayData.fromPrimitiveArray(e.getValue())
                }))
                .toArray());
    }

    @Override
    public void update(Totals totals, Object[] columns) {
        int[] layers = (int[]) columns[0];
        int[] ids = (int[]) columns[1];
        if (layers.length == 0) {
            return;
        }
        int n = ids.length / layers.length;
        int topk = Tokens.slots(n, options.topk());
        for (int x = 0; x < layers.length; x++) {
            if (x > 0 && layers[x] <= layers[x - 1]) {
                throw new MalformedRoutingException(
                        0,
                        -1,
                        "row 0: layer " + layers[x] + " comes after layer " + layers[x - 1]
                                + "; the layers of a token block ascend and are there once.");
            }
            for (int y = x + 1; y < layers.length; y++) {
                boolean meet = options.lag() == TransitionOptions.ALL_PAIRS || y == x + options.lag();
                if (meet && options.counts(layers[x], layers[y])) {
                    long[] sums = ((PairTotals) totals).of(new LayerPair(layers[x], layers[y]));
                    addPair(sums, ids, x * n, y * n, n, topk);
                }
            }
        }
        for (int i = 0; i < ids.length; i++) {
            SumOperators.counted(ids[i], i % n, options.numExperts(), options.invalid());
        }
    }

    private void addPair(long[] sums, int[] ids, int from, int to, int n, int topk) {
        int experts = options.numExperts();
        for (int i = 0; i < n; i++) {
            int token = i - i % topk;
            boolean same = options.slots() == TransitionOptions.Slots.SAME;
            for (int j = same ? i : token; j < (same ? i + 1 : token + topk); j++) {
                int a = ids[from + i];
                int b = ids[to + j];
                if (a >= 0 && a < experts && b >= 0 && b < experts) {
                    sums[a * experts + b]++;
                }
            }
        }
    }

    @Override
    public Accumulator open(RoutingBackend backend, BufferAllocator allocator) {
        return new TransitionBatches(
                backend.analyses().transitions(options, allocator), allocator, options.numExperts());
    }
}
