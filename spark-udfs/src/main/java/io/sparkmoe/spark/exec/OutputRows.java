package io.sparkmoe.spark.exec;

import io.sparkmoe.spark.interop.Scala;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.BoundReference;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.UnsafeProjection;
import org.apache.spark.sql.types.DataType;
import org.jspecify.annotations.Nullable;

/** The rows of row slices, one after the other, as unsafe rows. */
final class OutputRows implements Iterator<InternalRow> {
    private final Iterator<RowSlice> slices;
    private final DataType[] types;
    private @Nullable UnsafeProjection projection;
    private Iterator<InternalRow> current = Collections.emptyIterator();

    OutputRows(Iterator<RowSlice> slices, DataType[] types) {
        this.slices = slices;
        this.types = types;
    }

    @Override
    public boolean hasNext() {
        while (!current.hasNext() && slices.hasNext()) {
            RowSlice slice = slices.next();
            UnsafeProjection known = projection;
            UnsafeProjection to = known == null ? projection(slice.columns()) : known;
            projection = to;
            current = new Mapped<>(slice.joined(), to::apply);
        }
        return current.hasNext();
    }

    @Override
    public InternalRow next() {
        if (!hasNext()) {
            throw new NoSuchElementException();
        }
        return current.next();
    }

    /** Where columns lie is a matter of the plan, so every slice of a partition has them in the same places. */
    private UnsafeProjection projection(int[] columns) {
        List<Expression> references = new ArrayList<>();
        for (int i = 0; i < columns.length; i++) {
            references.add(new BoundReference(columns[i], types[i], true));
        }
        return UnsafeProjection.create(Scala.seq(references));
    }
}
