package io.sparkmoe.core.cuda.driver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class MemoryPoolTest {
    private static final long MIB = 1 << 20;

    private final BoundedMemory memory = new BoundedMemory(100 * MIB);

    @Test
    void aBlockGivenBackServesAgain() {
        try (DeviceMemoryPool pool = new DeviceMemoryPool(memory, 64 * MIB)) {
            DeviceBlock first = pool.take(10 * MIB);
            assertThat(first.bytes()).isEqualTo(10 * MIB);
            first.close();
            first.close();
            try (DeviceBlock second = pool.take(10 * MIB - 7)) {
                assertThat(second.address()).isEqualTo(first.address());
            }
            assertThat(memory.allocations()).isEqualTo(1);
            assertThat(pool.used()).isZero();
            assertThat(pool.idle()).isEqualTo(10 * MIB);
            assertThat(pool.peak()).isEqualTo(10 * MIB);
        }
        assertThat(memory.bytes()).isZero();
    }

    @Test
    void aBlockMuchLargerThanAskedForIsKeptForLargerWork() {
        try (DeviceMemoryPool pool = new DeviceMemoryPool(memory, 64 * MIB)) {
            pool.take(16 * MIB).close();
            try (DeviceBlock small = pool.take(MIB)) {
                assertThat(small.address()).isPositive();
            }
            assertThat(memory.allocations()).isEqualTo(2);
        }
    }

    @Test
    void classesWasteAnEighthAtMost() {
        BlockCache cache = new BlockCache(memory, MIB, 512);
        for (long bytes :
                new long[] {0, 1, 511, 512, 513, 4_095, 4_096, 4_097, 5_000, MIB - 1, MIB + 1, 3 * MIB + 17}) {
            long size = cache.sizeClass(bytes);
            assertThat(size).isGreaterThanOrEqualTo(bytes).isPositive();
            assertThat(size % 512).isZero();
            assertThat(size - bytes).isLessThanOrEqualTo(Math.max(512, bytes / 8));
            assertThat(cache.sizeClass(size)).isEqualTo(size);
        }
    }

    @Test
    void idleBlocksMakeRoomBeforeThePoolGivesUp() {
        try (DeviceMemoryPool pool = new DeviceMemoryPool(memory, 64 * MIB)) {
            pool.take(40 * MIB).close();
            pool.take(8 * MIB).close();
            try (DeviceBlock large = pool.take(56 * MIB)) {
                assertThat(pool.idle()).isEqualTo(8 * MIB);
                assertThat(memory.bytes()).isEqualTo(64 * MIB);
                assertThatThrownBy(() -> pool.take(16 * MIB))
                        .isInstanceOf(OutOfDeviceMemoryException.class)
                        .hasMessageContaining("16777216 bytes asked for, 58720256 used and 8388608 idle of the pool's "
                                + "limit of 67108864");
                assertThat(large.address()).isPositive();
            }
        }
    }

    @Test
    void aFullDeviceIsAskedAgainWithoutIdleBlocks() {
        long others = memory.allocate(60 * MIB);
        try (DeviceMemoryPool pool = new DeviceMemoryPool(memory, 90 * MIB)) {
            pool.take(20 * MIB).close();
            try (DeviceBlock block = pool.take(32 * MIB)) {
                assertThat(block.address()).isPositive();
                assertThat(pool.idle()).isZero();
                assertThatThrownBy(() -> pool.take(32 * MIB)).isInstanceOf(OutOfDeviceMemoryException.class);
            }
            assertThat(pool.used()).isZero();
        }
        memory.free(others);
        assertThat(memory.bytes()).isZero();
    }

    @Test
    void thePinnedPoolAnswersNullAtItsBound() {
        try (PinnedMemoryPool pool = new PinnedMemoryPool(memory, 8 * MIB);
                PinnedBlock half = pool.take(4 * MIB)) {
            assertThat(half).isNotNull();
            assertThat(pool.take(5 * MIB)).isNull();
            assertThat(pool.take(9 * MIB)).isNull();
            assertThat(pool.take(2L << 30)).isNull();
            assertThat(pool.used()).isEqualTo(4 * MIB);
            assertThat(pool.limit()).isEqualTo(8 * MIB);
        }
        assertThat(memory.bytes()).isZero();
    }

    @Test
    void aGateFailsTheTakeThatItIsToldTo() {
        try (DeviceMemoryPool device = new DeviceMemoryPool(memory, MIB);
                PinnedMemoryPool pinned = new PinnedMemoryPool(memory, MIB)) {
            device.gate(AllocationGate.failing(2));
            device.take(1).close();
            assertThatThrownBy(() -> device.take(1)).isInstanceOf(OutOfDeviceMemoryException.class);
            device.take(1).close();
            pinned.gate(AllocationGate.failing(1));
            assertThat(pinned.take(1)).isNull();
            pinned.gate(AllocationGate.OPEN);
            pinned.take(1).close();
        }
    }

    @Test
    void closingNamesWhatIsOutAndTakesItBackLater() {
        DeviceMemoryPool pool = new DeviceMemoryPool(memory, 64 * MIB);
        DeviceBlock out = pool.take(MIB);
        pool.take(2 * MIB).close();
        assertThatThrownBy(pool::close)
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("the device memory pool was closed while 1 blocks of 1048576 bytes in all were out");
        assertThat(memory.bytes()).isEqualTo(MIB);
        assertThatThrownBy(() -> pool.take(1)).hasMessage("the pool is closed");
        out.close();
        assertThat(memory.bytes()).isZero();
        pool.close();
    }

    @Test
    void trimmingFreesWhatIsIdle() {
        try (PinnedMemoryPool pool = new PinnedMemoryPool(memory, 64 * MIB)) {
            pool.take(MIB).close();
            pool.trim();
            assertThat(pool.idle()).isZero();
            assertThat(memory.bytes()).isZero();
        }
    }

    @Test
    void badSizesAreRefused() {
        assertThatThrownBy(() -> new DeviceMemoryPool(memory, 0)).hasMessageContaining("at least 1 byte, got 0");
        try (DeviceMemoryPool pool = new DeviceMemoryPool(memory, MIB)) {
            assertThatThrownBy(() -> pool.take(-1)).hasMessage("a block is of 0 bytes or more, got -1");
            assertThatThrownBy(() -> pool.take(Long.MAX_VALUE)).isInstanceOf(OutOfDeviceMemoryException.class);
        }
    }

    @Test
    void manyThreadsNeverShareABlockNorPassTheBound() {
        Set<Long> lent = new HashSet<>();
        try (DeviceMemoryPool pool = new DeviceMemoryPool(memory, 32 * MIB)) {
            IntStream.range(0, 8).parallel().forEach(seed -> takeAndGiveBack(pool, lent, new Random(seed)));
            assertThat(pool.used()).isZero();
            assertThat(pool.peak()).isPositive().isLessThanOrEqualTo(32 * MIB);
            assertThat(memory.bytes()).isLessThanOrEqualTo(32 * MIB).isEqualTo(pool.idle());
        }
        assertThat(memory.bytes()).isZero();
    }

    private static void takeAndGiveBack(DeviceMemoryPool pool, Set<Long> lent, Random random) {
        ArrayDeque<DeviceBlock> mine = new ArrayDeque<>();
        for (int i = 0; i < 2_000; i++) {
            if (mine.size() > 4 || (!mine.isEmpty() && random.nextBoolean())) {
                giveBack(mine.pop(), lent);
                continue;
            }
            try {
                DeviceBlock block = pool.take(random.nextInt(3 << 20));
                synchronized (lent) {
                    assertThat(lent.add(block.address())).isTrue();
                }
                mine.push(block);
            } catch (OutOfDeviceMemoryException e) {
                assertThat(e.sticky()).isFalse();
            }
        }
        mine.forEach(block -> giveBack(block, lent));
    }

    private static void giveBack(DeviceBlock block, Set<Long> lent) {
        synchronized (lent) {
            lent.remove(block.address());
        }
        block.close();
    }
}
