package io.sparkmoe.spark.jobs.rows;

import java.io.Serializable;
import java.util.Comparator;
import java.util.Objects;
import org.apache.spark.unsafe.types.UTF8String;
import org.jspecify.annotations.Nullable;

/**
 * The key of a sequence (or of a recorded pass): equal keys of adjacent rows belong together.
 *
 * @param source file the rows came from
 * @param requestId the request, or null where the recorder has none
 * @param choice index of the sample inside its request
 * @param step forward pass or training step, or null
 * @param rank recording rank, or null
 */
public record RowKey(
        UTF8String source,
        @Nullable UTF8String requestId,
        int choice,
        @Nullable Long step,
        @Nullable Integer rank) implements Serializable, Comparable<RowKey> {
    private static final long serialVersionUID = 1L;
    private static final Comparator<RowKey> ORDER = Comparator.comparing(RowKey::source)
            .thenComparing(RowKey::requestId, Comparator.nullsFirst(Comparator.naturalOrder()))
            .thenComparingInt(RowKey::choice)
            .thenComparing(RowKey::step, Comparator.nullsFirst(Comparator.naturalOrder()))
            .thenComparing(RowKey::rank, Comparator.nullsFirst(Comparator.naturalOrder()));

    @Override
    public int compareTo(RowKey o) {
        return ORDER.compare(this, o);
    }

    /** Compares with the parts of another key without building it. */
    public boolean is(
            UTF8String otherSource,
            @Nullable UTF8String otherRequest,
            int otherChoice,
            @Nullable Long otherStep,
            @Nullable Integer otherRank) {
        return choice == otherChoice
                && source.equals(otherSource)
                && Objects.equals(requestId, otherRequest)
                && Objects.equals(step, otherStep)
                && Objects.equals(rank, otherRank);
    }
}
