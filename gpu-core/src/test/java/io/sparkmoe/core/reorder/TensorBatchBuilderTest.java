package io.sparkmoe.core.reorder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkmoe.core.routing.Memory;
import java.util.Arrays;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.OutOfMemoryException;
import org.apache.arrow.memory.RootAllocator;
import org.junit.jupiter.api.Test;

class TensorBatchBuilderTest {
    @Test
    void collectsSegmentsOfAnySizeAndStartsAgain() {
        try (BufferAllocator allocator = new RootAllocator();
                TensorBatchBuilder builder = new TensorBatchBuilder(allocator)) {
            for (TensorType type : TensorType.values()) {
                builder.reset(type, 7);
                for (int s = 0; s < 2000; s++) {
                    float[] numbers = new float[s % 9];
                    Arrays.fill(numbers, s % 16);
                    builder.addSegment(numbers);
                }
                Memory.fill(builder.reserve(3), 3L * type.bytes(), (byte) 0);
                builder.endSegment(3);
                TensorBatch batch = builder.build();
                assertThat(batch.type()).isEqualTo(builder.type()).isEqualTo(type);
                assertThat(batch.segments()).isEqualTo(builder.segments()).isEqualTo(2001);
                assertThat(batch.firstRow()).isEqualTo(7);
                assertThat(batch.totalElements()).isEqualTo(builder.elements());
                for (int s = 0; s < 2000; s++) {
                    assertThat(batch.elements(s)).isEqualTo(s % 9);
                    for (long i = batch.start(s); i < batch.start(s + 1); i++) {
                        assertThat(batch.value(i)).isEqualTo(s % 16);
                    }
                }
                assertThat(batch.slice(2000, 2001).value(batch.start(2000) + 2)).isZero();
                assertThatThrownBy(() -> batch.slice(1, 2002))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessage("slice [1, 2002) of 2001 segments");
            }
        }
    }

    @Test
    void numbersAreRounded() {
        try (BufferAllocator allocator = new RootAllocator();
                TensorBatchBuilder builder = new TensorBatchBuilder(allocator)) {
            builder.reset(TensorType.FP8_E4M3FN, 0);
            builder.addSegment(new float[] {1.06f, 1.07f, 1000});
            TensorBatch batch = builder.build();
            assertThat(new float[] {batch.value(0), batch.value(1), batch.value(2)})
                    .containsExactly(1, 1.125f, 448);
        }
    }

    @Test
    void theTypeMayChangeBeforeTheFirstElementOnly() {
        try (BufferAllocator allocator = new RootAllocator();
                TensorBatchBuilder builder = new TensorBatchBuilder(allocator)) {
            builder.reset(TensorType.FP32, 5);
            builder.endSegment(0);
            builder.retype(TensorType.BF16);
            builder.addSegment(new float[] {1, 2, 3});
            builder.retype(TensorType.BF16);
            assertThat(builder.row()).isEqualTo(7);
            assertThat(builder.bytes()).isEqualTo(6);
            assertThatThrownBy(() -> builder.retype(TensorType.FP16))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("a slice holds BF16 and then FP16");
        }
    }

    @Test
    void nothingStaysAllocatedWhenMemoryRunsOut() {
        try (BufferAllocator allocator = new RootAllocator(1 << 12)) {
            assertThatThrownBy(() -> new TensorBatchBuilder(allocator)).isInstanceOf(OutOfMemoryException.class);
            assertThat(allocator.getAllocatedMemory()).isZero();
        }
    }
}
