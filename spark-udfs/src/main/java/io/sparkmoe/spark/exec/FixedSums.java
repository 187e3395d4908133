package io.sparkmoe.spark.exec;

/** An aggregate whose state is a row of sums of a width known beforehand. */
interface FixedSums extends SumOperator {
    /** Sums a group. */
    int width();

    /** The Catalyst value of a group's result. */
    Object result(long[] sums);

    /** Adds one row to a group's sums. */
    void update(long[] sums, Object[] columns);

    @Override
    default Totals totals() {
        return new SumTotals(new long[width()]);
    }

    @Override
    default long groupBytes() {
        return 8L * width();
    }

    @Override
    default Object result(Totals totals) {
        return result(((SumTotals) totals).sums());
    }

    @Override
    default void update(Totals totals, Object[] columns) {
        update(((SumTotals) totals).sums(), columns);
    }

    /** An accumulator that can copy a slot's sums. */
    abstract class FixedAccumulator implements Accumulator {
        private final long[] sums;

        FixedAccumulator(int width) {
            this.sums = new long[width];
        }

        /** Copies a slot's sums into {@code out} [width]. */
        abstract void read(int slot, long[] out);

        @Override
        public byte[] write(int slot) {
            read(slot, sums);
            return Sums.write(sums);
        }
    }
}
