package io.sparkmoe.spark.exec;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkmoe.core.routing.IdOptions;
import io.sparkmoe.core.routing.IdType;
import io.sparkmoe.core.routing.RoutingBatch;
import java.util.ArrayList;
import java.util.List;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.spark.sql.execution.vectorized.OnHeapColumnVector;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.junit.jupiter.api.Test;

/** Ids of the scan in one batch with ids of other columns, whose type in memory is another. */
final class ScannedIdsTest {
    private final List<ArrowBuf> buffers = new ArrayList<>();

    /** Two rows: 7, masked, 254 (as one byte), and an empty one. */
    private ScannedIds scanned(DataType element, BufferAllocator allocator) {
        ArrowBuf offsets = allocator.buffer(12);
        ArrowBuf ids = allocator.buffer(8);
        buffers.add(offsets);
        buffers.add(ids);
        offsets.setInt(0, 0);
        offsets.setInt(4, 3);
        offsets.setInt(8, 3);
        ids.setByte(0, 7);
        ids.setByte(1, 0xff);
        ids.setByte(2, element.equals(DataTypes.IntegerType) ? 254 : 100);
        return new ScannedIds(
                new ArrayType(element, true),
                2,
                offsets.memoryAddress(),
                ids.memoryAddress(),
                IdType.UINT8_MASKED,
                null,
                0,
                null);
    }

    /** One row: 3, 4. */
    private static OnHeapColumnVector ordinary(DataType element) {
        OnHeapColumnVector lists = new OnHeapColumnVector(4, new ArrayType(element, true));
        OnHeapColumnVector ids = (OnHeapColumnVector) lists.getChild(0);
        for (int id : new int[] {3, 4}) {
            if (element.equals(DataTypes.IntegerType)) {
                ids.appendInt(id);
            } else if (element.equals(DataTypes.ShortType)) {
                ids.appendShort((short) id);
            } else {
                ids.appendByte((byte) id);
            }
        }
        lists.putArray(0, 0, 2);
        return lists;
    }

    private static List<Integer> ids(RoutingBatch batch) {
        List<Integer> all = new ArrayList<>();
        for (int i = 0; i < batch.totalIds(); i++) {
            all.add(batch.id(i));
        }
        return all;
    }

    @Test
    void mixedWithOrdinaryColumns() {
        for (DataType element : List.of(DataTypes.IntegerType, DataTypes.ShortType, DataTypes.ByteType)) {
            int last = element.equals(DataTypes.IntegerType) ? 254 : 100;
            try (BufferAllocator allocator = new RootAllocator();
                    IdCollector collector =
                            new IdCollector(new ArrayType(element, true), IdOptions.of(256), allocator::buffer)) {
                ScannedIds scanned = scanned(element, allocator);
                collector.reset(0);
                collector.add(scanned, 0, 2);
                assertThat(collector.batch().type()).isEqualTo(IdType.UINT8_MASKED);
                collector.add(ordinary(element), 0, 1);
                collector.add(scanned, 0, 1);
                assertThat(ids(collector.batch())).as("%s", element).containsExactly(7, -1, last, 3, 4, 7, -1, last);
                collector.reset(0);
                collector.add(ordinary(element), 0, 1);
                collector.add(scanned, 0, 2);
                assertThat(ids(collector.batch())).as("%s", element).containsExactly(3, 4, 7, -1, last);
                assertThat(collector.batch().segments()).isEqualTo(3);
                buffers.forEach(ArrowBuf::close);
                buffers.clear();
            }
        }
    }

    @Test
    void anOrdinaryColumnToEverythingElse() {
        try (BufferAllocator allocator = new RootAllocator()) {
            ScannedIds column = scanned(DataTypes.IntegerType, allocator);
            assertThat(column.getArray(0).toIntArray()).containsExactly(7, -1, 254);
            assertThat(column.getArray(1).numElements()).isZero();
            assertThat(column.hasNull()).isFalse();
            buffers.forEach(ArrowBuf::close);
        }
    }
}
