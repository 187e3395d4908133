package io.sparkmoe.spark.exec;

import io.sparkmoe.core.analysis.AgreementAccumulator;
import io.sparkmoe.core.analysis.AgreementOptions;
import io.sparkmoe.core.analysis.AgreementTotals;
import io.sparkmoe.core.routing.IdCounts;
import io.sparkmoe.core.routing.IdOptions;
import io.sparkmoe.core.routing.MalformedRoutingException;
import io.sparkmoe.core.routing.RoutingBackend;
import java.util.Arrays;
import java.util.List;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/** moe_agreement: sums are the fields of the result. */
public record AgreementSum(AgreementOptions options) implements FixedSums {
    private static final List<String> FIELDS =
            List.of("tokens", "equal_sets", "overlap_sum", "union_sum", "first_equal", "masked");

    @Override
    public List<SumInput> inputs() {
        return List.of(SumInput.IDS, SumInput.IDS);
    }

    @Override
    public int width() {
        return FIELDS.size();
    }

    @Override
    public DataType resultType() {
        StructType type = new StructType();
        for (String field : FIELDS) {
            type = type.add(field, DataTypes.LongType, false);
        }
        return type;
    }

    @Override
    public IdOptions ids() {
        return IdOptions.of(IdOptions.MAX_EXPERTS);
    }

    @Override
    public Object result(long[] sums) {
        return new GenericInternalRow(Arrays.stream(sums).boxed().toArray());
    }

    @Override
    public void update(long[] sums, Object[] columns) {
        int[] left = (int[]) columns[0];
        int[] right = (int[]) columns[1];
        if (left.length != right.length) {
            throw new MalformedRoutingException(
                    0,
                    -1,
                    "row 0: left_ids has " + left.length + " ids, right_ids has " + right.length
                            + ". Both must route the same tokens with the same topk; join token blocks of equal "
                            + "first_position and num_tokens.");
        }
        check(left, "left_ids");
        check(right, "right_ids");
        int topk = Tokens.slots(left.length, options.topk());
        for (int at = 0; at < left.length; at += topk) {
            addToken(sums, left, right, at, at + topk);
        }
    }

    private static void check(int[] ids, String side) {
        for (int i = 0; i < ids.length; i++) {
            if (ids[i] < -1 || ids[i] >= IdOptions.MAX_EXPERTS) {
                throw new MalformedRoutingException(
                        0,
                        i,
                        "row 0, position " + i + ": expert id " + ids[i] + " in " + side + " is outside [0, 65535). "
                                + "Correct it, or make it -1: its token is then left out and counted.");
            }
        }
    }

    private static void addToken(long[] sums, int[] left, int[] right, int from, int to) {
        int[] a = Arrays.stream(left, from, to).sorted().distinct().toArray();
        int[] b = Arrays.stream(right, from, to).sorted().distinct().toArray();
        if (a[0] < 0 || b[0] < 0) {
            sums[5]++;
            return;
        }
        long both =
                Arrays.stream(a).filter(id -> Arrays.binarySearch(b, id) >= 0).count();
        sums[0]++;
        sums[1] += Arrays.equals(a, b) ? 1 : 0;
        sums[2] += both;
        sums[3] += a.length + b.length - both;
        sums[4] += left[from] == right[from] ? 1 : 0;
    }

    @Override
    public Accumulator open(RoutingBackend backend, BufferAllocator allocator) {
        AgreementAccumulator agreement = backend.analyses().agreement(options, allocator);
        return new FixedAccumulator(width()) {
            @Override
            public void add(SumBatch batch, int[] slots, int numSlots) {
                agreement.add(batch.ids().get(0), batch.ids().get(1), slots, numSlots);
            }

            @Override
            void read(int slot, long[] out) {
                AgreementTotals t = agreement.read(slot);
                long[] sums = {t.tokens(), t.equalSets(), t.overlapSum(), t.unionSum(), t.firstEqual(), t.masked()};
                System.arraycopy(sums, 0, out, 0, sums.length);
            }

            @Override
            public void clear() {
                agreement.clear();
            }

            @Override
            public IdCounts counts() {
                return agreement.counts();
            }

            @Override
            public void close() {
                agreement.close();
            }
        };
    }
}
