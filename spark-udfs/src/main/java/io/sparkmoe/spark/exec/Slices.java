package io.sparkmoe.spark.exec;

import java.util.Iterator;
import java.util.NoSuchElementException;
import org.apache.spark.sql.vectorized.ColumnVector;
import org.jspecify.annotations.Nullable;

/**
 * Cuts what a child gives into slices whose inputs and results stay under the bound, and emits each with its results:
 * the child's columns as they are (seen from the slice's first row on), then the results.
 */
final class Slices<S extends Slice> implements Iterator<S> {
    private final SliceTask task;
    private final int[] passed;
    private final Iterator<S> input;
    private @Nullable S current;
    private int done;

    Slices(SliceTask task, int[] passed, Iterator<S> input) {
        this.task = task;
        this.passed = passed;
        this.input = input;
    }

    @Override
    public boolean hasNext() {
        if (current != null && done < current.rows()) {
            return true;
        }
        // The input may reuse its vectors now, so nothing may look at the old slice any more.
        task.closeResults();
        current = null;
        return input.hasNext();
    }

    @Override
    @SuppressWarnings("unchecked") // a slice with more columns is of its own kind
    public S next() {
        if (!hasNext()) {
            throw new NoSuchElementException();
        }
        S slice = current;
        if (slice == null) {
            slice = input.next();
            current = slice;
            done = 0;
            task.look(slice);
        }
        int from = done;
        done = task.end(from, slice.rows());
        ColumnVector[] results = task.run(from, done);
        return (S) slice.with(passed, from, done, results);
    }
}
