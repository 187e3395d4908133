package io.sparkmoe.core.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class AlignExampleTest {
    @Test
    void printsTheMetadataOfThreeTokens() {
        PrintStream console = System.out;
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
        try {
            AlignExample.main(new String[0]);
        } finally {
            System.setOut(console);
        }
        assertThat(printed.toString(StandardCharsets.UTF_8).lines())
                .containsExactly(
                        "sorted_token_ids    [3, 6, 6, 6, 1, 2, 5, 6, 0, 4, 6, 6]",
                        "expert_ids          [0, 1, 3]",
                        "num_tokens_post_pad 12");
    }

    @Test
    void zeroTokensGiveEmptyArrays() {
        AlignExample.Metadata m = AlignExample.align(new int[0], 8, 16);
        assertThat(m.sortedTokenIds()).isEmpty();
        assertThat(m.expertIds()).isEmpty();
        assertThat(m.numTokensPostPad()).isZero();
    }
}
