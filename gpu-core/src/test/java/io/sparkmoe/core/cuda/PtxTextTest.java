package io.sparkmoe.core.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** One kernel of a file, whole, and nothing of the others. */
class PtxTextTest {
    private static final Pattern ENTRY = Pattern.compile("\\.visible \\.entry (\\w+)\\(");

    /** nvcc numbers the functions of a file, and their labels by that. */
    private static final Pattern LABEL = Pattern.compile("\\$L__BB(\\d+)_\\d+");

    static Stream<String> files() throws IOException, URISyntaxException {
        Path folder = Path.of(Objects.requireNonNull(PtxText.class.getResource("ptx/align_segments.ptx.gz"))
                        .toURI())
                .getParent();
        try (Stream<Path> all = Files.list(folder)) {
            return all
                    .map(p -> p.getFileName().toString())
                    .filter(n -> n.endsWith(".ptx.gz") && !n.startsWith("driver_test"))
                    .map(n -> n.replace(".ptx.gz", ""))
                    .sorted()
                    .toList()
                    .stream();
        }
    }

    private static List<String> names(Pattern pattern, String text) {
        return pattern.matcher(text)
                .results()
                .map((MatchResult m) -> m.group(1))
                .distinct()
                .toList();
    }

    @ParameterizedTest
    @MethodSource("files")
    void everyKernelCanBeHadAlone(String file) {
        String whole = Kernels.text(file);
        List<String> kernels = names(ENTRY, whole);
        assertThat(kernels).isNotEmpty();
        for (String kernel : kernels) {
            String alone = PtxText.only(whole, kernel);
            assertThat(names(ENTRY, alone)).containsExactly(kernel);
            assertThat(names(LABEL, alone))
                    .as("functions in the text of " + kernel)
                    .hasSizeLessThanOrEqualTo(1);
            assertThat(alone.chars().filter(c -> c == '{').count())
                    .isEqualTo(alone.chars().filter(c -> c == '}').count());
        }
    }

    @Test
    void bracesInsideAKernelDoNotEndIt() {
        String a =
                ".visible .entry a(\\n)\\n{\\n{\\nst.v2.u32 [%rd1], {%r1, %r2};\\n}\\nret;\\n}\\n".replace("\\n", "\n");
        String b = a.replace("entry a(", "entry b(");
        assertThat(PtxText.only("// head\n" + a + b, "b")).isEqualTo("// head\n\n" + b);
        assertThat(PtxText.only("// head\n" + a + b, "a")).isEqualTo("// head\n" + a + "\n");
        assertThatThrownBy(() -> PtxText.only(a + b, "c")).hasMessageContaining("no kernel c");
    }
}
