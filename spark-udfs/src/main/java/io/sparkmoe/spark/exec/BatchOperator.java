package io.sparkmoe.spark.exec;

import java.io.Serializable;
import java.util.List;
import org.apache.spark.sql.types.DataType;

/** A function with its constants applied: what a task runs over a batch. Travels to executors. */
public interface BatchOperator extends Serializable {
    /** The type of the result column. */
    DataType resultType();

    /** What it reads, in the order of the call's data arguments. */
    List<InputKind> inputs();

    /**
     * An upper bound on the result bytes of a row, so that slices can be cut before they are computed.
     *
     * @param lengths elements of each input's row
     * @param widths bytes of an element of each input
     */
    long maxResultBytes(long[] lengths, int[] widths);

    /** Runs over a batch. */
    ResultColumn run(BatchInputs in);
}
