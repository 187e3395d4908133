package io.sparkmoe.spark.jobs.audit;

import java.io.Serializable;
import java.util.Comparator;
import org.jspecify.annotations.Nullable;

/**
 * Where a fault was seen first, for the message that names it.
 *
 * @param position index into the row's topk_ids, or -1 for the row as a whole
 * @param value what was seen
 */
public record Example(
        String source, @Nullable String requestId, int choice, int layer, int firstPosition, long position, long value)
        implements Serializable, Comparable<Example> {
    private static final long serialVersionUID = 1L;
    private static final Comparator<Example> ORDER = Comparator.comparing(Example::source)
            .thenComparing(Example::requestId, Comparator.nullsFirst(Comparator.naturalOrder()))
            .thenComparingInt(Example::choice)
            .thenComparingInt(Example::firstPosition)
            .thenComparingInt(Example::layer)
            .thenComparingLong(Example::position);

    @Override
    public int compareTo(Example o) {
        return ORDER.compare(this, o);
    }

    /** Where it stands, in words. */
    public String where() {
        return source + ": " + (requestId == null ? "" : "request " + requestId + ", ") + "choice " + choice
                + ", layer " + layer + ", row from position " + firstPosition
                + (position < 0 ? "" : ", index " + position + " of its topk_ids");
    }
}
