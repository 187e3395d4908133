package io.sparkmoe.spark.exec;

import io.sparkmoe.spark.interop.Scala;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.function.Function;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.BoundReference;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.UnsafeProjection;
import org.apache.spark.sql.types.DataType;

/** The rows of an iterator of groups of rows, one after the other, as unsafe rows. */
final class FlatRows<T> implements Iterator<InternalRow> {
    private final Iterator<T> groups;
    private final Function<T, Iterator<InternalRow>> rows;
    private final UnsafeProjection projection;
    private Iterator<InternalRow> current = Collections.emptyIterator();

    FlatRows(Iterator<T> groups, Function<T, Iterator<InternalRow>> rows, DataType[] types) {
        this.groups = groups;
        this.rows = rows;
        this.projection = projection(types);
    }

    /** Copies rows of these types into unsafe form. */
    static UnsafeProjection projection(DataType[] types) {
        List<Expression> columns = new ArrayList<>();
        for (int i = 0; i < types.length; i++) {
            columns.add(new BoundReference(i, types[i], true));
        }
        return UnsafeProjection.create(Scala.seq(columns));
    }

    @Override
    public boolean hasNext() {
        while (!current.hasNext() && groups.hasNext()) {
            current = rows.apply(groups.next());
        }
        return current.hasNext();
    }

    @Override
    public InternalRow next() {
        if (!hasNext()) {
            throw new NoSuchElementException();
        }
        return projection.apply(current.next());
    }
}
