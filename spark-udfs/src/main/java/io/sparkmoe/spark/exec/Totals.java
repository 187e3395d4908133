package io.sparkmoe.spark.exec;

/** The state of one group of an aggregate: exact sums that merge by addition. */
public interface Totals {
    /** Adds the sums of the same group from elsewhere. */
    void add(Totals other);

    /** The sums as bytes for the shuffle: small where most of them are zero or small. */
    byte[] write();

    /** Adds what {@link #write} wrote. */
    void add(byte[] written);
}
