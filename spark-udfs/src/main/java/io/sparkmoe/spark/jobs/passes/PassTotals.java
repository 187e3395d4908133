package io.sparkmoe.spark.jobs.passes;

import io.sparkmoe.core.analysis.CapacityOptions;
import io.sparkmoe.core.analysis.CapacityTotals;
import io.sparkmoe.core.routing.PaddingTotals;
import java.io.Serializable;
import java.util.Arrays;
import java.util.function.LongUnaryOperator;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Figures summed over passes; they merge by addition.
 *
 * @param passes forward passes, remainders included
 * @param blocks [block sizes]
 * @param slots [block sizes]: padded slots; waste = 1 - used / slots
 * @param used ids that fill slots
 * @param activeExperts sum over passes of the experts that got at least one id
 * @param capacity [factors]: slots of one expert
 * @param dropped [factors]: ids beyond their expert's capacity
 */
@SuppressWarnings("ArrayRecordComponent") // never compared; arrays keep a sum over many block sizes small
public record PassTotals(
        long passes, long[] blocks, long[] slots, long used, long activeExperts, long[] capacity, long[] dropped)
        implements Serializable {
    private static final long serialVersionUID = 1L;
    private static final int HEAD = 3;

    static PassTotals of(PaddingTotals t, @Nullable CapacityTotals c) {
        return new PassTotals(
                t.segments(),
                t.blocks(),
                t.slots(),
                t.used(),
                t.activeExperts(),
                c == null ? new long[0] : c.capacity(),
                c == null ? new long[0] : c.dropped());
    }

    /**
     * The figures of one pass.
     *
     * @param tokens its tokens, masked ones included
     * @param counts ids of each expert; experts without any may be left out
     */
    public static PassTotals of(long tokens, long[] counts, ReplayOptions options) {
        int most = (int) Arrays.stream(counts).max().orElse(0);
        long[] times = new long[most + 1];
        for (long c : counts) {
            times[(int) c]++;
        }
        return of(tokens, 1, times, options);
    }

    /**
     * The figures of passes of the same size.
     *
     * @param tokens of each pass, masked ones included
     * @param times [c]: how often an expert got c ids
     */
    static PassTotals of(long tokens, long passes, long[] times, ReplayOptions options) {
        int sizes = options.blockSizes().size();
        int factors = options.factors().size();
        long[] blocks = new long[sizes];
        long[] slots = new long[sizes];
        long[] capacity = new long[factors];
        long[] dropped = new long[factors];
        for (int b = 0; b < sizes; b++) {
            int size = options.blockSizes().get(b);
            blocks[b] = over(times, c -> (c + size - 1) / size);
            slots[b] = blocks[b] * size;
        }
        for (int f = 0; f < factors; f++) {
            long most = CapacityOptions.capacity(
                    tokens,
                    options.topk(),
                    options.numExperts(),
                    options.factors().get(f));
            capacity[f] = passes * most;
            dropped[f] = over(times, c -> Math.max(0, c - most));
        }
        return new PassTotals(passes, blocks, slots, over(times, c -> c), over(times, c -> 1), capacity, dropped);
    }

    /** The sum over experts and passes of a figure of c ids; of none it is not asked. */
    private static long over(long[] times, LongUnaryOperator figure) {
        long sum = 0;
        for (int c = 1; c < times.length; c++) {
            sum += times[c] * figure.applyAsLong(c);
        }
        return sum;
    }

    /** The sum of two totals over the same block sizes and factors. */
    public PassTotals plus(PassTotals o) {
        return new PassTotals(
                passes + o.passes,
                sum(blocks, o.blocks),
                sum(slots, o.slots),
                used + o.used,
                activeExperts + o.activeExperts,
                sum(capacity, o.capacity),
                sum(dropped, o.dropped));
    }

    private static long[] sum(long[] a, long[] b) {
        long[] out = a.clone();
        for (int i = 0; i < out.length; i++) {
            out[i] += b[i];
        }
        return out;
    }

    /** All sums in a row, for {@link #fromRow}. */
    public long[] toRow() {
        LongStream head = LongStream.of(passes, used, activeExperts);
        return Stream.of(
                        head,
                        LongStream.of(blocks),
                        LongStream.of(slots),
                        LongStream.of(capacity),
                        LongStream.of(dropped))
                .flatMapToLong(s -> s)
                .toArray();
    }

    /** What {@link #toRow} wrote, of so many block sizes; the rest are factors. */
    public static PassTotals fromRow(long[] row, int sizes) {
        int factors = (row.length - HEAD - 2 * sizes) / 2;
        int at = HEAD + 2 * sizes;
        return new PassTotals(
                row[0],
                Arrays.copyOfRange(row, HEAD, HEAD + sizes),
                Arrays.copyOfRange(row, HEAD + sizes, at),
                row[1],
                row[2],
                Arrays.copyOfRange(row, at, at + factors),
                Arrays.copyOfRange(row, at + factors, at + 2 * factors));
    }
}
