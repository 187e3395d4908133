package io.sparkmoe.spark.exec;

import io.sparkmoe.core.reorder.Activations;
import io.sparkmoe.core.reorder.TensorBatch;
import io.sparkmoe.core.reorder.TensorBatchBuilder;
import io.sparkmoe.core.reorder.TensorType;
import io.sparkmoe.core.routing.BufferSource;
import io.sparkmoe.core.routing.MalformedRoutingException;
import io.sparkmoe.core.routing.Memory;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.jspecify.annotations.Nullable;

/**
 * Copies tensors (array of float, packed binary) into one contiguous {@link TensorBatch}; a tensor that a batch node below
 * computed is handed on as it is. All rows of a slice have one type: slices end where it changes.
 */
final class TensorCollector implements InputCollector {
    private final InputKind.Tensor kind;
    private final boolean arrays;
    private final boolean inPlace;
    private final TensorBatchBuilder builder;
    private final FloatLists floats;
    private final BinaryCursor cursor = new BinaryCursor();
    private @Nullable TensorType sliceType;
    private @Nullable Activations given;

    /** @param inPlace take a tensor of a node below where it lies */
    TensorCollector(InputKind.Tensor kind, DataType type, BufferSource buffers, boolean inPlace) {
        this.kind = kind;
        this.arrays = type instanceof ArrayType;
        this.inPlace = inPlace;
        this.builder = new TensorBatchBuilder(buffers);
        this.floats = new FloatLists(kind.name());
    }

    @Override
    public void startSlice() {
        sliceType = null;
    }

    @Override
    public boolean joins(InputColumn column, int row) {
        TensorType type = column.isNullAt(row) ? null : typeAt(column, row);
        if (sliceType == null) {
            sliceType = type;
        }
        return type == null || type == sliceType;
    }

    /** A row's type; null where the header names none, about which {@link #add} complains. */
    private @Nullable TensorType typeAt(InputColumn column, int row) {
        TensorColumn own = computed(column);
        if (own != null || arrays) {
            return own == null ? TensorType.FP32 : own.type();
        }
        cursor.at(column, row);
        return cursor.size() < 2 ? null : PackedTensor.type(cursor.peek(1));
    }

    private static @Nullable TensorColumn computed(InputColumn column) {
        return column instanceof InputColumn.Vector v && v.column() instanceof TensorColumn t ? t : null;
    }

    /** Whether a column is a tensor that goes on without a copy. */
    boolean inPlace(InputColumn column) {
        return inPlace && computed(column) != null;
    }

    @Override
    public long length(InputColumn column, int row) {
        TensorColumn own = computed(column);
        if (own != null) {
            return own.tensor().elements(((InputColumn.Vector) column).offset() + row);
        }
        if (arrays) {
            return FloatLists.length(column, row);
        }
        cursor.at(column, row);
        return Math.max(0, cursor.size() - PackedTensor.HEADER_BYTES) / width();
    }

    @Override
    public int width() {
        return sliceType == null ? TensorType.FP32.bytes() : sliceType.bytes();
    }

    @Override
    public void reset(long firstRow) {
        given = null;
        // The type of a slice of NULLs: one that every operator takes.
        builder.reset(kind.types().contains(TensorType.FP16) ? TensorType.FP16 : TensorType.FP32, firstRow);
    }

    @Override
    public void add(InputColumn column, int from, int to, long @Nullable [] skip) {
        TensorColumn own = computed(column);
        if (own != null) {
            checkComputed(own);
            given = inPlace && emptyWhere(own, column, from, skip) ? handedOn(own, column, from, to) : null;
            if (given != null) {
                return;
            }
        }
        if (kind.broadcast() && column instanceof InputColumn.Constant && !column.hasNull()) {
            addValue(column, from);
            return;
        }
        for (int row = from; row < to; row++) {
            if (skip != null && (skip[(row - from) >> 6] & (1L << (row - from))) != 0) {
                builder.endSegment(0);
            } else if (own != null) {
                addComputed(own, ((InputColumn.Vector) column).offset() + row);
            } else {
                addValue(column, row);
            }
        }
    }

    private void addValue(InputColumn column, int row) {
        if (arrays) {
            builder.retype(TensorType.FP32);
            floats.add(column, row, builder);
            return;
        }
        cursor.at(column, row);
        TensorType type = PackedTensor.check(
                cursor.base(), cursor.offset(), cursor.size(), kind.lastDim(), kind.name(), builder.row());
        checkType(type);
        int n = (cursor.size() - PackedTensor.HEADER_BYTES) / type.bytes();
        builder.retype(type);
        long address = builder.reserve(n);
        Memory.copy(cursor.base(), cursor.offset() + PackedTensor.HEADER_BYTES, address, (long) n * type.bytes());
        builder.endSegment(n);
    }

    /** Whether the rows to skip are empty in a tensor too, so that it can be taken as it is. */
    private static boolean emptyWhere(TensorColumn own, InputColumn column, int from, long @Nullable [] skip) {
        int first = ((InputColumn.Vector) column).offset() + from;
        for (int w = 0; skip != null && w < skip.length; w++) {
            for (long bits = skip[w]; bits != 0; bits &= bits - 1) {
                if (own.tensor().elements(first + 64 * w + Long.numberOfTrailingZeros(bits)) > 0) {
                    return false;
                }
            }
        }
        return true;
    }

    private static Activations handedOn(TensorColumn own, InputColumn column, int from, int to) {
        int first = ((InputColumn.Vector) column).offset() + from;
        boolean whole = first == 0 && to - from == own.tensor().segments();
        return whole ? own.tensor() : own.host().slice(first, first + to - from);
    }

    private void addComputed(TensorColumn own, int row) {
        TensorBatch host = own.host();
        long n = host.elements(row);
        builder.retype(host.type());
        Memory.copy(host.address(row), builder.reserve(n), n * host.type().bytes());
        builder.endSegment(n);
    }

    private void checkComputed(TensorColumn own) {
        if (kind.lastDim() != 0 && own.lastDim() != kind.lastDim()) {
            throw new IllegalArgumentException(
                    kind.name() + " has rows of " + own.lastDim() + " elements, and the call says " + kind.lastDim());
        }
        checkType(own.type());
    }

    private void checkType(TensorType type) {
        if (!kind.types().contains(type)) {
            throw new MalformedRoutingException(
                    builder.row(),
                    -1,
                    "row " + builder.row() + ": " + kind.name() + " is " + type.sqlName() + ", it may be "
                            + String.join(
                                    ", ",
                                    kind.types().stream()
                                            .map(TensorType::sqlName)
                                            .toList()) + ".");
        }
    }

    /** What has been collected, or the tensor of a node below. */
    Activations tensor() {
        return given == null ? builder.build() : given;
    }

    /** Bytes taken without a copy. */
    @Override
    public long bytesInPlace() {
        return given == null ? 0 : given.totalElements() * given.type().bytes();
    }

    @Override
    public long ids() {
        return 0;
    }

    @Override
    public long bytes() {
        return given == null ? builder.bytes() : 0;
    }

    @Override
    public void close() {
        builder.close();
    }
}
