package io.sparkmoe.core.routing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Random;
import java.util.function.Consumer;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.OutOfMemoryException;
import org.apache.arrow.memory.RootAllocator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class RoutingBatchBuilderTest {
    private static void with(Consumer<RoutingBatchBuilder> check) {
        try (BufferAllocator allocator = new RootAllocator();
                RoutingBatchBuilder builder = new RoutingBatchBuilder(allocator)) {
            check.accept(builder);
        }
    }

    private static int[] ids(RoutingBatch batch, int segment) {
        int[] out = new int[batch.length(segment)];
        for (int i = 0; i < out.length; i++) {
            out[i] = batch.id(batch.start(segment) + (long) i);
        }
        return out;
    }

    @Test
    void aFreshBuilderHoldsAnEmptyBatch() {
        with(builder -> {
            assertThat(builder.build().segments()).isZero();
            assertThat(builder.build().totalIds()).isZero();
        });
    }

    @Test
    void segmentsLieSideBySide() {
        with(builder -> {
            builder.reset(IdType.INT32, 10);
            builder.addSegment(new int[] {3, -1, 7});
            builder.addSegment(new int[0]);
            builder.addSegment(new int[] {9, 9, 8, 1}, 1, 2);
            RoutingBatch batch = builder.build();
            assertThat(batch.segments()).isEqualTo(3);
            assertThat(batch.totalIds()).isEqualTo(5);
            assertThat(batch.firstRow()).isEqualTo(10);
            assertThat(ids(batch, 0)).containsExactly(3, -1, 7);
            assertThat(ids(batch, 1)).isEmpty();
            assertThat(ids(batch, 2)).containsExactly(9, 8);
            RoutingBatch slice = batch.slice(1, 3);
            assertThat(slice.firstRow()).isEqualTo(11);
            assertThat(ids(slice, 1)).containsExactly(9, 8);
            assertThat(slice.totalIds()).isEqualTo(2);
            assertThatThrownBy(() -> batch.slice(2, 4)).isInstanceOf(IllegalArgumentException.class);
        });
    }

    @Test
    void resetStartsAnew() {
        with(builder -> {
            builder.reset(IdType.INT32, 0);
            builder.addSegment(new int[100_000]);
            builder.reset(IdType.INT32, 5);
            builder.addSegment(new int[] {4});
            assertThat(builder.ids()).isEqualTo(1);
            assertThat(builder.bytes()).isEqualTo(4);
            assertThat(ids(builder.build(), 0)).containsExactly(4);
        });
    }

    @Test
    void growsOverManySegments() {
        with(builder -> {
            builder.reset(IdType.INT32, 0);
            for (int s = 0; s < 20_000; s++) {
                builder.addSegment(new int[] {s, s + 1});
            }
            assertThat(ids(builder.build(), 19_999)).containsExactly(19_999, 20_000);
            assertThat(ids(builder.build(), 0)).containsExactly(0, 1);
        });
    }

    private static void add(RoutingBatchBuilder builder, IdType type, int[] ids) {
        IdCodec.encode(type, ids, 0, ids.length, builder.reserve(ids.length));
        builder.endSegment(ids.length);
    }

    @ParameterizedTest
    @EnumSource
    void everyTypeIsReadAsWritten(IdType type) {
        int[] ids =
                new Random(3).ints(10_000, type.masks() ? -1 : 0, type.maxId()).toArray();
        ids[0] = type.maxId();
        ids[1] = type.signed() ? -5 : 0;
        with(builder -> {
            builder.reset(type, 0);
            add(builder, type, ids);
            RoutingBatch batch = builder.build();
            assertThat(ids(batch, 0)).isEqualTo(ids);
            int[] decoded = new int[ids.length + 2];
            IdCodec.decode(type, batch.address(0), decoded, 2, ids.length);
            assertThat(decoded).startsWith(0, 0).endsWith(ids);
            assertThat(decoded[2]).isEqualTo(type.maxId());
        });
    }

    @Test
    void widensWhatItHolds() {
        with(builder -> {
            builder.reset(IdType.UINT8_MASKED, 0);
            add(builder, IdType.UINT8_MASKED, new int[] {0, 254, -1});
            add(builder, IdType.UINT8_MASKED, new int[] {7});
            builder.widen(IdType.UINT16_MASKED);
            add(builder, IdType.UINT16_MASKED, new int[] {65_534, -1});
            builder.widen(IdType.INT32);
            builder.addSegment(new int[] {70_000, -1, -2});
            RoutingBatch batch = builder.build();
            assertThat(batch.type()).isEqualTo(IdType.INT32);
            assertThat(ids(batch, 0)).containsExactly(0, 254, -1);
            assertThat(ids(batch, 1)).containsExactly(7);
            assertThat(ids(batch, 2)).containsExactly(65_534, -1);
            assertThat(ids(batch, 3)).containsExactly(70_000, -1, -2);
        });
    }

    @Test
    void neverWidensIntoATypeThatWouldLoseIds() {
        with(builder -> {
            builder.reset(IdType.UINT8, 0);
            builder.widen(IdType.INT8);
            assertThat(builder.type()).as("without ids every type will do").isEqualTo(IdType.INT8);
            builder.reset(IdType.UINT8, 0);
            add(builder, IdType.UINT8, new int[] {1});
            assertThatThrownBy(() -> builder.widen(IdType.UINT8_MASKED))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("UINT8_MASKED cannot hold every id of UINT8");
            assertThatThrownBy(() -> builder.widen(IdType.INT8)).isInstanceOf(IllegalArgumentException.class);
            builder.reset(IdType.INT8, 0);
            add(builder, IdType.INT8, new int[] {1});
            assertThatThrownBy(() -> builder.widen(IdType.UINT16_MASKED)).isInstanceOf(IllegalArgumentException.class);
        });
    }

    @Test
    void intSegmentsNeedAnInt32Builder() {
        with(builder -> {
            builder.reset(IdType.UINT8, 0);
            assertThatThrownBy(() -> builder.addSegment(new int[] {1}))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("UINT8");
        });
    }

    @Test
    void aBatchAboveTheIntegerRangeIsRefusedBeforeAnythingIsAllocated() {
        with(builder -> {
            builder.reset(IdType.UINT8, 30);
            add(builder, IdType.UINT8, new int[] {1, 2});
            assertThatThrownBy(() -> builder.reserve(Integer.MAX_VALUE - 1L))
                    .isInstanceOf(MalformedRoutingException.class)
                    .hasMessageStartingWith("row 31: the batch's ids would have 2147483648 elements");
            assertThat(ids(builder.build(), 0)).containsExactly(1, 2);
        });
    }

    @Test
    void keepsItsContentWhenMemoryRunsOut() {
        try (BufferAllocator allocator = new RootAllocator(1 << 15);
                RoutingBatchBuilder builder = new RoutingBatchBuilder(allocator)) {
            builder.reset(IdType.INT32, 0);
            builder.addSegment(new int[] {1, 2, 3});
            assertThatThrownBy(() -> builder.reserve(1 << 20)).isInstanceOf(OutOfMemoryException.class);
            builder.addSegment(new int[] {4});
            assertThat(ids(builder.build(), 0)).containsExactly(1, 2, 3);
            assertThat(ids(builder.build(), 1)).containsExactly(4);
        }
        try (BufferAllocator allocator = new RootAllocator(1 << 12)) {
            assertThatThrownBy(() -> new RoutingBatchBuilder(allocator)).isInstanceOf(OutOfMemoryException.class);
            assertThat(allocator.getAllocatedMemory()).isZero();
        }
    }
}
