package io.sparkmoe.core.cpu;

import io.sparkmoe.core.analysis.AgreementAccumulator;
import io.sparkmoe.core.analysis.AgreementOptions;
import io.sparkmoe.core.analysis.AgreementTotals;
import io.sparkmoe.core.analysis.Topk;
import io.sparkmoe.core.routing.IdCodec;
import io.sparkmoe.core.routing.IdCounts;
import io.sparkmoe.core.routing.IdOptions;
import io.sparkmoe.core.routing.MalformedRoutingException;
import io.sparkmoe.core.routing.RoutingBatch;
import java.util.Arrays;

/** Agreement by marks: an expert's mark says which side of the token in hand has named it. Each token costs 2 k steps. */
final class CpuAgreement implements AgreementAccumulator {
    private static final int TILE = 4096;

    /** Sums a slot: the fields of {@link AgreementTotals} in their order. */
    private static final int STRIDE = 6;

    private final AgreementOptions options;
    private final int[] left = new int[Math.max(TILE, Topk.MAX)];
    private final int[] right = new int[left.length];
    private final int[] marks = new int[IdOptions.MAX_EXPERTS];
    private int mark;
    private long[] sums = new long[0];
    private long ids;
    private long masked;

    CpuAgreement(AgreementOptions options) {
        this.options = options;
    }

    @Override
    public void add(RoutingBatch leftIds, RoutingBatch rightIds, int[] slots, int numSlots) {
        if (numSlots * (long) STRIDE > sums.length) {
            sums = Arrays.copyOf(sums, Math.max(Math.multiplyExact(numSlots, STRIDE), 2 * sums.length));
        }
        for (int s = 0; s < leftIds.segments(); s++) {
            int n = leftIds.length(s);
            if (rightIds.length(s) != n) {
                throw unequal(leftIds.firstRow() + s, n, rightIds.length(s));
            }
            int topk = Topk.of(leftIds, s, options.topk());
            int size = topk == 0 ? 1 : left.length - left.length % topk;
            for (int done = 0, count; (count = Math.min(size, n - done)) > 0; done += count) {
                load(leftIds, s, done, count, left, "left_ids");
                load(rightIds, s, done, count, right, "right_ids");
                compare(count, topk, slots[s] * STRIDE);
            }
            ids += 2L * n;
        }
    }

    private static MalformedRoutingException unequal(long row, int left, int right) {
        return new MalformedRoutingException(
                row,
                -1,
                String.format(
                        "row %d: left_ids has %d ids, right_ids has %d. Both must route the same tokens with the same topk; "
                                + "join token blocks of equal first_position and num_tokens.",
                        row, left, right));
    }

    private static MalformedRoutingException refused(long row, long position, int id, String side) {
        return new MalformedRoutingException(
                row,
                position,
                String.format(
                        "row %d, position %d: expert id %d in %s is outside [0, %d). Correct it, or make it -1: its token "
                                + "is then left out and counted.",
                        row, position, id, side, IdOptions.MAX_EXPERTS));
    }

    private void load(RoutingBatch batch, int s, int from, int count, int[] into, String side) {
        IdCodec.decode(
                batch.type(), batch.address(s) + (long) from * batch.type().bytes(), into, 0, count);
        int most = IdOptions.MAX_EXPERTS - 1;
        int signs = 0;
        for (int i = 0; i < count; i++) {
            signs |= (into[i] + 1) | (most - into[i]);
        }
        for (int i = 0; signs < 0 && i < count; i++) {
            if (into[i] < -1 || into[i] > most) {
                throw refused(batch.firstRow() + s, from + (long) i, into[i], side);
            }
        }
    }

    private void compare(int count, int topk, int at) {
        for (int token = 0; token < count; token += topk) {
            if (masked(token, topk)) {
                sums[at + 5]++;
                continue;
            }
            if (mark > Integer.MAX_VALUE - 2) {
                Arrays.fill(marks, 0);
                mark = 0;
            }
            mark += 2;
            int onLeft = 0;
            for (int i = token; i < token + topk; i++) {
                onLeft += marks[left[i]] == mark ? 0 : 1;
                marks[left[i]] = mark;
            }
            int both = 0;
            int onRight = 0;
            for (int i = token; i < token + topk; i++) {
                int seen = marks[right[i]];
                both += seen == mark ? 1 : 0;
                onRight += seen == mark + 1 ? 0 : 1;
                marks[right[i]] = mark + 1;
            }
            sums[at]++;
            sums[at + 1] += both == onLeft && both == onRight ? 1 : 0;
            sums[at + 2] += both;
            sums[at + 3] += onLeft + onRight - both;
            sums[at + 4] += left[token] == right[token] ? 1 : 0;
        }
    }

    private boolean masked(int token, int topk) {
        int found = 0;
        for (int i = token; i < token + topk; i++) {
            found += (left[i] >>> 31) + (right[i] >>> 31);
        }
        masked += found;
        return found > 0;
    }

    @Override
    public AgreementTotals read(int slot) {
        int at = slot * STRIDE;
        return new AgreementTotals(sums[at], sums[at + 1], sums[at + 2], sums[at + 3], sums[at + 4], sums[at + 5]);
    }

    @Override
    public void clear() {
        Arrays.fill(sums, 0);
        ids = 0;
        masked = 0;
    }

    @Override
    public IdCounts counts() {
        return new IdCounts(ids, masked, 0, 0);
    }

    @Override
    public void close() {
        sums = new long[0];
    }
}
