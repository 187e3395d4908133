package io.sparkmoe.core.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class ReorderExampleTest {
    /** Each token's experts pass on the same row, so the sum is it times the chosen weights' sum. */
    @Test
    void everyTokenComesBackWeighted() {
        float[] out = new ReorderExample(3, 2, 4)
                .run(new float[] {2, 0, 1, 0, 0, 3}, new float[] {1, 2, 3, 4, -1, -2, -3, -4});
        double first = (Math.exp(2) + Math.exp(1)) / (Math.exp(2) + Math.exp(1) + 1);
        double second = (Math.exp(3) + 1) / (Math.exp(3) + 2);
        double[] expected = {first * silu(1) * 3, first * silu(2) * 4, second * silu(-1) * -3, second * silu(-2) * -4};
        assertThat(out).hasSize(4);
        for (int i = 0; i < out.length; i++) {
            assertThat((double) out[i]).isCloseTo(expected[i], within(0.004 * expected[i]));
        }
    }

    private static double silu(double x) {
        return x / (1 + Math.exp(-x));
    }

    @Test
    void zeroTokensGiveNothing() {
        assertThat(new ReorderExample(8, 2, 16).run(new float[0], new float[0])).isEmpty();
    }

    @Test
    void printsTwoTokens() {
        PrintStream console = System.out;
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
        try {
            ReorderExample.main(new String[0]);
        } finally {
            System.setOut(console);
        }
        assertThat(printed.toString(StandardCharsets.UTF_8).trim())
                .isEqualTo("[1.9960938, 6.4140625, 0.7705078, 0.91064453]");
    }

    /** What the page on the operators shows is this example's code. */
    @Test
    void theDocumentedChainIsTheExamples() throws IOException {
        String page = Files.readString(Path.of("..", "docs", "operators.md"));
        String source = Files.readString(
                Path.of("src", "test", "java", "io", "sparkmoe", "core", "examples", "ReorderExample.java"));
        List<String> shown = page.substring(page.indexOf("```java\n") + "```java\n".length())
                .lines()
                .takeWhile(line -> !line.equals("```"))
                .map(String::trim)
                .toList();
        assertThat(shown).hasSize(5);
        assertThat(source.lines().map(String::trim)).containsSubsequence(shown);
    }
}
