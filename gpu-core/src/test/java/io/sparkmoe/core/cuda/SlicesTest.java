package io.sparkmoe.core.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkmoe.core.routing.IdType;
import io.sparkmoe.core.routing.ListBuffer;
import io.sparkmoe.core.routing.ResultBuffers;
import io.sparkmoe.core.routing.RoutingBatch;
import java.util.Arrays;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.junit.jupiter.api.Test;

class SlicesTest {
    private static final long MIB = 1 << 20;

    private static int count(int segments, int length, long resultBytes) {
        int[] lengths = new int[segments];
        Arrays.fill(lengths, length);
        try (BufferAllocator allocator = new RootAllocator();
                MixedBatch batch = MixedBatch.of(1, IdType.UINT8, allocator, lengths)) {
            return Slices.count(batch.batch(), new long[] {0, resultBytes});
        }
    }

    @Test
    void bigBatchesOfLongSegmentsAreCut() {
        assertThat(count(100, 8, 100 * MIB)).as("short segments").isEqualTo(1);
        assertThat(count(1, 1_000, 100 * MIB)).as("one segment").isEqualTo(1);
        assertThat(count(3, 1_000, 100 * MIB)).as("few segments").isEqualTo(2);
        assertThat(count(100, 1_000, 15 * MIB)).isEqualTo(1);
        assertThat(count(100, 1_000, 16 * MIB)).isEqualTo(2);
        assertThat(count(100, 1_000, 900 * MIB)).isEqualTo(2);
        assertThat(count(100, 1_000, 9_000 * MIB))
                .as("more than a column holds")
                .isEqualTo(1);
    }

    @Test
    void cutsAreByIdsAndNeverLeaveASideEmpty() {
        try (BufferAllocator allocator = new RootAllocator();
                MixedBatch mixed = MixedBatch.of(1, IdType.UINT8, allocator, 8, 800, 0, 80, 80, 8)) {
            RoutingBatch batch = mixed.batch();
            assertThat(Slices.firstFrom(batch, 0, 0)).isZero();
            assertThat(Slices.firstFrom(batch, 8, 0)).isEqualTo(1);
            assertThat(Slices.firstFrom(batch, 9, 0)).isEqualTo(2);
            assertThat(Slices.firstFrom(batch, 9, 3)).isEqualTo(3);
            assertThat(Slices.firstFrom(batch, 5_000, 0)).isEqualTo(6);
            assertThat(Slices.firstFrom(batch.slice(1, 6), 800, 0)).isEqualTo(1);
            assertThat(DeviceCalls.middle(batch)).isEqualTo(2);
            assertThat(DeviceCalls.middle(batch.slice(0, 2))).isEqualTo(1);
            assertThat(DeviceCalls.middle(batch.slice(2, 4))).isEqualTo(1);
        }
    }

    private static ListBuffer list(ResultBuffers out, int... values) {
        ListBuffer list = new ListBuffer(1, 4, out.offsets(1), out.take(4L * values.length));
        list.offsets().setInt(4, values.length);
        for (int i = 0; i < values.length; i++) {
            list.values().setInt(4L * i, values[i]);
        }
        return list;
    }

    /** The third slice takes more than there was reason to expect. */
    @Test
    void whatLiesTogetherIsJoinedWithoutACopy() {
        try (BufferAllocator allocator = new RootAllocator();
                AdjacentBuffers adjacent = new AdjacentBuffers(allocator::buffer, new long[] {0, 16});
                ResultBuffers a = new ResultBuffers(adjacent.nextSlice());
                ResultBuffers b = new ResultBuffers(adjacent.nextSlice());
                ResultBuffers c = new ResultBuffers(adjacent.nextSlice());
                ResultBuffers ab = new ResultBuffers(allocator::buffer);
                ResultBuffers abc = new ResultBuffers(allocator::buffer)) {
            ListBuffer first = list(a, 7, 8, 9);
            ListBuffer second = list(b, 10);
            ListBuffer third = list(c, 11, 12);
            ListBuffer two = Joined.lists(first, second, ab);
            ArrowBuf values = first.values();
            assertThat(two.values()).isSameAs(values);
            assertThat(two.ints(0)).containsExactly(7, 8, 9);
            assertThat(two.ints(1)).containsExactly(10);
            ListBuffer three = Joined.lists(two, third, abc);
            assertThat(three.values()).isNotSameAs(values);
            abc.keep();
            a.close();
            b.close();
            ab.close();
            assertThat(three.ints(0)).containsExactly(7, 8, 9);
            assertThat(three.ints(2)).containsExactly(11, 12);
            three.close();
        }
    }
}
