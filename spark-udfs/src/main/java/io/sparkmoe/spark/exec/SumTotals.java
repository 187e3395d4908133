package io.sparkmoe.spark.exec;

/** A row of sums of fixed width. */
@SuppressWarnings("ArrayRecordComponent") // a group's state: changed in place, never compared
public record SumTotals(long[] sums) implements Totals {
    @Override
    public void add(Totals other) {
        long[] more = ((SumTotals) other).sums;
        for (int i = 0; i < sums.length; i++) {
            sums[i] += more[i];
        }
    }

    @Override
    public byte[] write() {
        return Sums.write(sums);
    }

    @Override
    public void add(byte[] written) {
        Sums.addTo(written, sums);
    }
}
