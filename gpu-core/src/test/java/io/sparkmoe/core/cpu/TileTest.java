package io.sparkmoe.core.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkmoe.core.reorder.Conversions;
import io.sparkmoe.core.reorder.TensorType;
import io.sparkmoe.core.routing.Memory;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Tiles give what {@link Conversions} gives, for every value of the 16-bit types and every length. */
class TileTest {
    private static final int BYTES = 4 * Tile.SIZE + 24;

    private final Tile tile = new Tile();
    private long from;
    private long to;

    @BeforeEach
    void takeMemory() {
        from = Memory.allocate(BYTES);
        to = Memory.allocate(BYTES);
    }

    @AfterEach
    void freeMemory() {
        Memory.free(from);
        Memory.free(to);
    }

    /** Converts the elements at {@code from}, one element off the alignment, and compares; nothing behind them is written. */
    private void converts(TensorType in, TensorType out, int count) {
        long source = from + in.bytes();
        long target = to + out.bytes();
        long end = target + (long) count * out.bytes();
        Memory.fill(to, BYTES, (byte) 0x5a);
        tile.read(in, source, count);
        tile.write(out, target, count);
        for (int i = 0; i < count; i++) {
            float value = Conversions.read(in, source + (long) i * in.bytes());
            long expected = from + BYTES - 8;
            Conversions.write(out, value, expected);
            for (int b = 0; b < out.bytes(); b++) {
                if (Memory.getByte(target + (long) i * out.bytes() + b) != Memory.getByte(expected + b)) {
                    assertThat(Conversions.read(out, target + (long) i * out.bytes()))
                            .as("%s of %s, element %d of %d", out, value, i, count)
                            .isEqualTo(Conversions.read(out, expected));
                    throw new AssertionError("bits of " + value + " as " + out);
                }
            }
        }
        assertThat(Memory.getByte(target - 1)).isEqualTo((byte) 0x5a);
        assertThat(Memory.getByte(end)).isEqualTo((byte) 0x5a);
    }

    @ParameterizedTest
    @EnumSource(names = {"FP16", "BF16"})
    void every16BitValue(TensorType in) {
        int count = Tile.SIZE / 2;
        for (int first = 0; first < 1 << 16; first += count) {
            for (int i = 0; i < count; i++) {
                Memory.putShort(from + 2L * (i + 1), (short) (first + i));
            }
            for (TensorType out : TensorType.values()) {
                converts(in, out, count);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void anyBitsAndAnyLength(TensorType out) {
        Random random = new Random(5);
        for (int count : new int[] {1, 2, 3, 4, 5, 7, 8, 31, 129, 1023, Tile.SIZE - 3, Tile.SIZE}) {
            for (int round = 0; round < 20; round++) {
                for (int i = 0; i < count; i++) {
                    Memory.putInt(from + 4L * (i + 1), random.nextInt());
                }
                converts(TensorType.FP32, out, count);
            }
        }
    }
}
