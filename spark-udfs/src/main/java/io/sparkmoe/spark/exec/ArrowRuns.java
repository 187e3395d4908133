package io.sparkmoe.spark.exec;

import io.sparkmoe.core.routing.IdType;
import io.sparkmoe.core.routing.Memory;
import org.apache.arrow.vector.BaseFixedWidthVector;
import org.apache.arrow.vector.complex.ListVector;

/** Runs of an Arrow list of tinyint, smallint or int. */
record ArrowRuns(ListVector lists, BaseFixedWidthVector elements, IdType type) implements IdRuns {
    @Override
    public boolean isNull(int row) {
        return lists.isNull(row);
    }

    @Override
    public int start(int row) {
        return lists.getElementStartIndex(row);
    }

    @Override
    public int length(int row) {
        return lists.getElementEndIndex(row) - lists.getElementStartIndex(row);
    }

    @Override
    public void copy(int from, int count, long address) {
        Memory.copy(
                elements.getDataBuffer().memoryAddress() + (long) from * type.bytes(),
                address,
                (long) count * type.bytes());
        if (elements.getNullCount() > 0) {
            for (int i = 0; i < count; i++) {
                if (elements.isNull(from + i)) {
                    IdCollector.putMasked(type, address, i);
                }
            }
        }
    }
}
