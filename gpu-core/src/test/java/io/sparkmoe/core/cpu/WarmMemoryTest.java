package io.sparkmoe.core.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.OutOfMemoryException;
import org.apache.arrow.memory.RootAllocator;
import org.junit.jupiter.api.Test;

class WarmMemoryTest {
    private static final long MIB = 1 << 20;

    @Test
    void aReleasedBufferServesTheNextOfAboutItsSize() {
        try (BufferAllocator allocator = new RootAllocator();
                WarmMemory memory = new WarmMemory()) {
            ArrowBuf first = memory.take(allocator, 20 * MIB + 5);
            long address = first.memoryAddress();
            assertThat(allocator.getAllocatedMemory()).isEqualTo(20 * MIB + 5);
            assertThat(first.capacity()).isEqualTo(20 * MIB + 5);
            assertThat(first.writerIndex()).isZero();
            first.close();
            assertThat(allocator.getAllocatedMemory()).isZero();
            assertThat(memory.idleBytes()).isEqualTo(22 * MIB);
            try (ArrowBuf second = memory.take(allocator, 21 * MIB)) {
                assertThat(second.memoryAddress()).isEqualTo(address);
                assertThat(memory.idleBytes()).isZero();
            }
            try (ArrowBuf small = memory.take(allocator, 5 * MIB)) {
                assertThat(small.memoryAddress()).isNotEqualTo(address);
                assertThat(memory.idleBytes()).as("22 MiB are too many for 5").isEqualTo(22 * MIB);
            }
        }
    }

    @Test
    void smallBuffersAreArrows() {
        try (BufferAllocator allocator = new RootAllocator();
                WarmMemory memory = new WarmMemory()) {
            memory.take(allocator, 1000).close();
            memory.take(allocator, 0).close();
            assertThat(memory.idleBytes()).isZero();
        }
    }

    @Test
    void idleMemoryIsBoundedAndFreedOnClose() {
        try (BufferAllocator allocator = new RootAllocator()) {
            WarmMemory memory = new WarmMemory();
            ArrowBuf[] buffers = new ArrowBuf[5];
            for (int i = 0; i < buffers.length; i++) {
                buffers[i] = memory.take(allocator, 40 * MIB);
            }
            for (int i = 1; i < buffers.length; i++) {
                buffers[i].close();
                assertThat(memory.idleBytes()).isLessThanOrEqualTo(WarmMemory.MAX_IDLE);
            }
            memory.take(allocator, WarmMemory.MAX_IDLE + MIB).close();
            assertThat(memory.idleBytes()).isLessThanOrEqualTo(WarmMemory.MAX_IDLE);
            memory.close();
            assertThat(memory.idleBytes()).isZero();
            buffers[0].setInt(0, 7);
            assertThat(buffers[0].getInt(0)).as("a result outlives the backend").isEqualTo(7);
            buffers[0].close();
            assertThat(memory.idleBytes()).isZero();
        }
    }

    @Test
    void anAllocatorsLimitHolds() {
        try (BufferAllocator allocator = new RootAllocator(10 * MIB);
                WarmMemory memory = new WarmMemory()) {
            assertThatThrownBy(() -> memory.take(allocator, 20 * MIB)).isInstanceOf(OutOfMemoryException.class);
            assertThat(allocator.getAllocatedMemory()).isZero();
            assertThat(memory.idleBytes()).isEqualTo(20 * MIB);
        }
    }

    /** Buffers may move between allocators, as Arrow's vectors do when they are transferred. */
    @Test
    void ownershipCanBeTransferred() {
        try (BufferAllocator root = new RootAllocator();
                BufferAllocator from = root.newChildAllocator("from", 0, Long.MAX_VALUE);
                BufferAllocator to = root.newChildAllocator("to", 0, Long.MAX_VALUE);
                WarmMemory memory = new WarmMemory()) {
            ArrowBuf mine = memory.take(from, 2 * MIB);
            ArrowBuf theirs =
                    mine.getReferenceManager().transferOwnership(mine, to).getTransferredBuffer();
            mine.close();
            assertThat(from.getAllocatedMemory()).isZero();
            assertThat(to.getAllocatedMemory()).isEqualTo(2 * MIB);
            theirs.close();
            assertThat(memory.idleBytes()).isEqualTo(2 * MIB);
        }
    }
}
