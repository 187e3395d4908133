package io.sparkmoe.spark.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class TextTest {
    @Test
    void countsInFullAndShort() {
        assertThat(Text.count(16_858)).isEqualTo("16,858");
        assertThat(Text.shortCount(999_999)).isEqualTo("999,999");
        assertThat(Text.shortCount(29_440_000_000L)).isEqualTo("29.4 G");
        assertThat(Text.bytes(1023)).isEqualTo("1023 B");
        assertThat(Text.bytes(3_521_114)).isEqualTo("3.36 MiB");
        assertThat(Text.bytes(Long.MAX_VALUE)).isEqualTo("8,192 PiB");
    }

    @Test
    void percentagesKeepThreeFigures() {
        assertThat(Text.percent(0.0338)).isEqualTo("3.38\u00a0%");
        assertThat(Text.percent(0.9161)).isEqualTo("91.6\u00a0%");
        assertThat(Text.percent(0)).isEqualTo("0.0\u00a0%");
    }

    @Test
    void durations() {
        assertThat(Text.seconds(21.44)).isEqualTo("21.4 s");
        assertThat(Text.seconds(3_599.4)).isEqualTo("59 min 59 s");
        assertThat(Text.seconds(7_380)).isEqualTo("2 h 3 min");
    }

    @Test
    void rangesDrawRunsTogether() {
        assertThat(Text.ranges(List.of(3, 4, 5, 60, 62, 63))).isEqualTo("3–5, 60, 62–63");
        assertThat(Text.ranges(List.of())).isEmpty();
    }

    @Test
    void foreignTextIsMadeVisibleAndBounded() {
        assertThat(Text.visible("a\u202Eb\u0000c\u200Bd\n", 20)).isEqualTo("a\\u202eb\\u0000c\\u200bd\\u000a");
        assertThat(Text.visible("lone \uD800 surrogate", 40)).isEqualTo("lone \\ud800 surrogate");
        assertThat(Text.visible("模型 😀 naïve", 20)).isEqualTo("模型 😀 naïve");
        assertThat(Text.visible("😀😀😀", 2)).isEqualTo("😀😀…");
    }
}
