package io.sparkmoe.spark.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The decoder stands on Parquet's footer classes, Arrow's memory and the contract of the core, and knows no Spark. */
final class DecoderImportsTest {
    @Test
    void noSpark() throws IOException {
        Path folder = Path.of("src/main/java/io/sparkmoe/spark/scan/decode");
        try (var files = Files.list(folder)) {
            List<Path> sources = files.toList();
            assertThat(sources).hasSizeGreaterThan(10);
            for (Path source : sources) {
                assertThat(Files.readString(source))
                        .as("%s", source)
                        .doesNotContain("org.apache.spark")
                        .doesNotContain("import io.sparkmoe.spark");
            }
        }
    }
}
