package io.sparkmoe.core.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkmoe.core.analysis.Triangle;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CoactivationShapesTest {
    private static final int SMS = 132;
    private static final int SHARED = 227 << 10;

    @ParameterizedTest
    @CsvSource({"1, 1", "64, 1", "256, 1", "339, 1", "340, 2", "512, 3", "1024, 10"})
    void aTriangleThatFitsIsOneRegion(int experts, int regions) {
        int[] rows = CoactivationShapes.rows(experts, false, SHARED);
        assertThat(rows).hasSize(regions + 1).startsWith(0).endsWith(experts).isSorted();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 8, 64, 257, 339, 340, 700, 1024})
    void everyRegionFits(int experts) {
        for (int shared : new int[] {64 << 10, 100 << 10, SHARED}) {
            for (boolean any : new boolean[] {false, true}) {
                int[] rows = CoactivationShapes.rows(experts, any, shared);
                int largest = CoactivationShapes.largest(rows, experts);
                int copies = CoactivationShapes.copies(rows, experts, any, shared);
                assertThat(CoactivationShapes.sharedBytes(largest, copies, experts, any))
                        .isLessThanOrEqualTo(shared);
                assertThat((long) largest * (rows.length - 1)).isGreaterThanOrEqualTo(Triangle.size(experts));
            }
        }
    }

    @Test
    void blocksAreWholeShares() {
        assertThat(CoactivationShapes.blocks(1, 1, SMS)).isEqualTo(1);
        assertThat(CoactivationShapes.blocks(8 << 20, 1, SMS)).isEqualTo(SMS);
        assertThat(CoactivationShapes.blocks(8 << 20, 10, SMS)).isEqualTo(130);
        assertThat(CoactivationShapes.blocks(4097, 10, SMS)).isEqualTo(30);
        assertThat(CoactivationShapes.blocks(4097, 10, 4)).isEqualTo(10);
    }
}
