package io.sparkmoe.spark.exec;

import io.sparkmoe.core.routing.BufferSource;
import io.sparkmoe.core.routing.IdCodec;
import io.sparkmoe.core.routing.IdOptions;
import io.sparkmoe.core.routing.IdType;
import io.sparkmoe.core.routing.Memory;
import io.sparkmoe.core.routing.PackedIds;
import io.sparkmoe.core.routing.RoutingBatch;
import io.sparkmoe.core.routing.RoutingBatchBuilder;
import java.util.Arrays;
import java.util.List;
import org.apache.arrow.vector.BaseFixedWidthVector;
import org.apache.arrow.vector.complex.ListVector;
import org.apache.spark.sql.catalyst.util.ArrayData;
import org.apache.spark.sql.execution.vectorized.WritableColumnVector;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.BinaryType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.vectorized.ArrowColumnVector;
import org.apache.spark.sql.vectorized.ColumnVector;
import org.jspecify.annotations.Nullable;

/**
 * Copies id lists, column-wise or row by row, into one contiguous {@link RoutingBatch}, at the width the column has.
 * NULL elements become -1; NULL lists become empty segments and are remembered.
 */
public final class IdCollector implements InputCollector {
    private final DataType type;
    private final RoutingBatchBuilder builder;
    private final IdElements elements;
    private long[] nulls = new long[64];
    private boolean anyNull;

    IdCollector(DataType type, IdOptions options, BufferSource buffers) {
        this(type, new IdElements(options), buffers);
    }

    IdCollector(DataType type, IdElements elements, BufferSource buffers) {
        this.type = type;
        this.builder = new RoutingBatchBuilder(buffers);
        this.elements = elements;
    }

    @Override
    public void reset(long firstRow) {
        builder.reset(IdElements.typeOf(type), firstRow);
        elements.reset(firstRow);
        if (anyNull) {
            Arrays.fill(nulls, 0);
            anyNull = false;
        }
    }

    int rows() {
        return builder.segments();
    }

    @Override
    public long ids() {
        return builder.ids();
    }

    /** Ids of the row added last. */
    long lastLength() {
        return builder.lastLength();
    }

    @Override
    public long bytes() {
        return builder.bytes();
    }

    /** At most four bytes an id, whatever width the column has. */
    @Override
    public int width() {
        return IdType.INT32.bytes();
    }

    RoutingBatch batch() {
        return builder.build();
    }

    /** Bit r set: row r was NULL; null when none was. */
    long @Nullable [] nulls() {
        return anyNull ? nulls.clone() : null;
    }

    @Override
    public long length(InputColumn column, int row) {
        if (column instanceof InputColumn.Vector v) {
            return length(v.column(), v.offset() + row);
        }
        return column.value(row) instanceof byte[] packed
                ? packed.length
                : IdElements.length((ArrayData) column.value(row), ((ArrayType) type).elementType());
    }

    /** About how many ids a row holds (exact but for nested and packed lists, never too low). */
    static long length(ColumnVector column, int row) {
        if (column.isNullAt(row)) {
            return 0;
        }
        if (column.dataType() instanceof BinaryType) {
            return column instanceof WritableColumnVector w && !w.hasDictionary()
                    ? w.getArrayLength(row)
                    : column.getBinary(row).length;
        }
        if (column instanceof ScannedIds scanned) {
            return scanned.length(row);
        }
        DataType element = ((ArrayType) column.dataType()).elementType();
        if (column instanceof WritableColumnVector w && !(element instanceof ArrayType)) {
            return w.getArrayLength(row);
        }
        return IdElements.length(column.getArray(row), element);
    }

    /** An upper bound on the ids of rows [from, to) where that is known without looking at each, else -1. */
    static long bound(ColumnVector column, int from, int to) {
        if (column instanceof ScannedIds scanned) {
            return new ScannedRuns(scanned).bound(from, to);
        }
        return column instanceof WritableColumnVector lists
                        && column.dataType() instanceof ArrayType list
                        && IdElements.narrow(list.elementType())
                        && !lists.isAllNull()
                ? new WritableRuns(lists, IdElements.typeOf(column.dataType())).bound(from, to)
                : -1;
    }

    /** Adds the rows [from, to) of a column. */
    void add(ColumnVector column, int from, int to) {
        add(new InputColumn.Vector(column, 0, List.of()), from, to, null);
    }

    @Override
    public void add(InputColumn column, int from, int to, long @Nullable [] skip) {
        IdRuns runs = column instanceof InputColumn.Vector v ? runs(v.column()) : null;
        if (runs != null) {
            int offset = ((InputColumn.Vector) column).offset();
            addRuns(skip == null ? runs : new SkippingRuns(runs, skip, offset + from), offset + from, offset + to);
            return;
        }
        for (int row = from; row < to; row++) {
            boolean skipped = skip != null && (skip[(row - from) >> 6] & (1L << (row - from))) != 0;
            add(skipped || column.isNullAt(row) ? null : column.value(row));
        }
    }

    /** Adds one row's value: array data, packed bytes, or null. */
    void add(@Nullable Object value) {
        if (value == null) {
            addNull();
        } else if (value instanceof byte[] packed) {
            addPacked(packed);
        } else {
            addList((ArrayData) value);
        }
    }

    static void putMasked(IdType type, long address, int index) {
        switch (type.bytes()) {
            case 1 -> Memory.putByte(address + index, (byte) -1);
            case 2 -> Memory.putShort(address + 2L * index, (short) -1);
            default -> Memory.putInt(address + 4L * index, -1);
        }
    }

    /** The runs of a column as ids of the batch's type, which is widened to hold them; null where it has none. */
    private @Nullable IdRuns runs(ColumnVector column) {
        IdType own = column instanceof ScannedIds scanned ? scanned.idType() : IdElements.typeOf(type);
        if (type instanceof ArrayType) {
            builder.widen(builder.ids() == 0 ? own : IdElements.common(builder.type(), own));
        }
        IdRuns runs = runsOf(column, own);
        return runs == null || own == builder.type() ? runs : new WidenedRuns(runs, own, builder.type());
    }

    private @Nullable IdRuns runsOf(ColumnVector column, IdType own) {
        if (column instanceof ScannedIds scanned) {
            return new ScannedRuns(scanned);
        }
        if (!(type instanceof ArrayType list) || !IdElements.narrow(list.elementType())) {
            return null;
        }
        if (column instanceof WritableColumnVector w) {
            return w.isAllNull() ? null : new WritableRuns(w, own);
        }
        if (column instanceof ListColumn lists && lists.getChild(0) instanceof IntColumn ints) {
            return new ListColumnRuns(lists, ints);
        }
        if (column instanceof ArrowColumnVector arrow
                && arrow.getValueVector() instanceof ListVector lists
                && lists.getDataVector() instanceof BaseFixedWidthVector values) {
            return new ArrowRuns(lists, values, own);
        }
        return null;
    }

    private void addRuns(IdRuns runs, int from, int to) {
        int width = builder.type().bytes();
        long address = builder.reserve(runs.bound(from, to));
        int runStart = 0;
        int runEnd = 0;
        for (int row = from; row < to; row++) {
            if (runs.isNull(row)) {
                addNull();
                continue;
            }
            int length = runs.length(row);
            if (length > 0) {
                int start = runs.start(row);
                if (start != runEnd) {
                    runs.copy(runStart, runEnd - runStart, address);
                    address += (long) (runEnd - runStart) * width;
                    runStart = start;
                }
                runEnd = start + length;
            }
            builder.endSegment(length);
        }
        runs.copy(runStart, runEnd - runStart, address);
    }

    private void addNull() {
        int row = builder.segments();
        if (row >> 6 >= nulls.length) {
            nulls = Arrays.copyOf(nulls, nulls.length * 2 + (row >> 6));
        }
        nulls[row >> 6] |= 1L << row;
        anyNull = true;
        builder.endSegment(0);
    }

    private void addList(ArrayData list) {
        DataType element = ((ArrayType) type).elementType();
        int n = Math.toIntExact(IdElements.length(list, element));
        elements.write(list, element, builder.reserve(n), builder.type(), builder.segments());
        builder.endSegment(n);
    }

    private void addPacked(byte[] packed) {
        long row = builder.firstRow() + builder.segments();
        IdType own = PackedIds.type(
                packed.length > 0 ? packed[0] : 0, packed.length > 1 ? packed[1] : 0, packed.length, row);
        int n = (packed.length - PackedIds.HEADER_BYTES) / own.bytes();
        IdType common = builder.segments() == 0 || builder.ids() == 0 ? own : IdElements.common(builder.type(), own);
        builder.widen(common);
        long address = builder.reserve(n);
        if (own == common) {
            Memory.copy(packed, Memory.BYTES + PackedIds.HEADER_BYTES, address, (long) n * own.bytes());
        } else {
            IdCodec.encode(common, PackedIds.unpack(packed, row), 0, n, address);
        }
        builder.endSegment(n);
    }

    @Override
    public void close() {
        builder.close();
    }
}
