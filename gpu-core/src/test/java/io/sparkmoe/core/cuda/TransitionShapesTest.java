package io.sparkmoe.core.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TransitionShapesTest {
    @ParameterizedTest
    @CsvSource({"2, 256", "58, 256", "5, 64", "9, 60", "3, 300", "2, 1024", "4, 1", "92, 1024"})
    void tilesCoverEveryWantedPairAndNoTileComesTwice(int layers, int experts) {
        boolean[][] wanted = new boolean[layers][layers];
        for (int x = 0; x + 1 < layers; x++) {
            wanted[x][x + 1] = true;
        }
        int[] tiles = TransitionShapes.tiles(wanted, experts);
        Set<Long> there = new HashSet<>();
        for (int i = 0; i < tiles.length; i += 2) {
            assertThat(there.add(tiles[i] * 1_000_000L + tiles[i + 1])).isTrue();
        }
        for (int x = 0; x + 1 < layers; x++) {
            for (int a = 0; a < experts; a += 7) {
                for (int b = 0; b < experts; b += 7) {
                    long row = (x * experts + a) / 256;
                    assertThat(there).contains(row * 1_000_000 + ((x + 1) * experts + b) / 128);
                }
            }
        }
    }

    @Test
    void onePairOfLayersOf256IsTwoTiles() {
        assertThat(TransitionShapes.tiles(new boolean[][] {{false, true}, {false, false}}, 256))
                .containsExactly(0, 2, 0, 3);
        assertThat(TransitionShapes.tiles(new boolean[3][3], 256)).isEmpty();
    }

    @Test
    void aFewTilesAreCutAlongTheTokens() {
        assertThat(TransitionShapes.words(1)).isEqualTo(32);
        assertThat(TransitionShapes.words(1025)).isEqualTo(64);
        assertThat(TransitionShapes.product(2, 4096, 132).gridY()).isEqualTo(64);
        assertThat(TransitionShapes.product(2, 32, 132).gridY()).isEqualTo(1);
        assertThat(TransitionShapes.product(3306, 4096, 132).gridY()).isEqualTo(1);
        assertThat(TransitionShapes.productShared()).isLessThanOrEqualTo(227 << 10);
    }

    @Test
    void theProductPaysFromAsManyPairsOnAsAMatrixHasCells() {
        assertThat(TransitionShapes.productPays(1023, 8, 256)).isFalse();
        assertThat(TransitionShapes.productPays(1024, 8, 256)).isTrue();
    }
}
