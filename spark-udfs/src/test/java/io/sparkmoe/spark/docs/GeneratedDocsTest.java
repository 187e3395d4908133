package io.sparkmoe.spark.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The committed pages are what the code says now; {@code -Ddocs.write=true} writes them. */
class GeneratedDocsTest {
    private static final Path DOCS = Path.of("..", "docs");

    static Set<String> pages() {
        return DocsGenerator.pages().keySet();
    }

    @ParameterizedTest
    @MethodSource("pages")
    void isUpToDate(String page) throws IOException {
        String text = DocsGenerator.pages().get(page);
        if (Boolean.getBoolean("docs.write")) {
            Files.writeString(DOCS.resolve(page), text);
        }
        assertThat(DOCS.resolve(page))
                .as("docs/%s is stale; write it anew with: %s", page, DocsGenerator.COMMAND)
                .content()
                .isEqualTo(text);
    }
}
