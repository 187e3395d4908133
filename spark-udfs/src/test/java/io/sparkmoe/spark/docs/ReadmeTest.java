package io.sparkmoe.spark.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** README's SQL and Java are run as they stand there, its results compared, its links followed. */
class ReadmeTest {
    private static final Path ROOT = Path.of("").toAbsolutePath().getParent();
    /** A statement, and the comment line right after it, which holds its result. */
    private static final Pattern STATEMENT = Pattern.compile("(?s)(.+?);\\n(?:-- ([{\\[].*?)\\n)?");

    private static final Pattern LINK = Pattern.compile("\\]\\(([^)#:]+)\\)");

    private static SparkSession spark;

    @BeforeAll
    static void session() {
        spark = SparkSession.builder()
                .master("local[2]")
                .config("spark.plugins", "io.sparkmoe.spark.MoeSparkPlugin")
                .config("spark.ui.enabled", "false")
                .config("spark.driver.bindAddress", "127.0.0.1")
                .config("spark.driver.host", "127.0.0.1")
                .config("spark.sql.shuffle.partitions", "2")
                .getOrCreate();
    }

    private static String readme() throws IOException {
        return Files.readString(ROOT.resolve("README.md"));
    }

    /** Fenced blocks of a language; paths in them start at the repository's root. */
    static List<String> blocks(String language) throws IOException {
        Matcher m = Pattern.compile("(?s)```" + language + "\\n(.*?)```").matcher(readme());
        return m.results()
                .map(r -> r.group(1).replaceAll("(['\"])spark-udfs/", "$1" + ROOT + "/spark-udfs/"))
                .toList();
    }

    static Stream<String> javaBlocks() throws IOException {
        return blocks("java").stream();
    }

    @Test
    void sqlRunsAndGivesTheResultsShown() throws IOException {
        List<String> blocks = blocks("sql");
        assertThat(blocks).isNotEmpty();
        for (String block : blocks) {
            Matcher m = STATEMENT.matcher(block);
            int end = 0;
            while (m.lookingAt()) {
                run(m.group(1), m.group(2));
                end = m.end();
                m.region(end, block.length());
            }
            assertThat(block.substring(end)).as("text after the last statement").isBlank();
        }
    }

    private static void run(String statement, String expected) {
        List<Row> rows = spark.sql(statement).collectAsList();
        if (statement.contains("SELECT layer")) {
            assertThat(rows).as(statement).hasSize(8);
        }
        if (expected != null) {
            String json = spark.sql("SELECT to_json(value) FROM (" + statement + ") AS t(value)")
                    .first()
                    .getString(0);
            assertThat(json).as(statement).isEqualTo(expected);
        }
    }

    @ParameterizedTest
    @MethodSource("javaBlocks")
    void javaRunsAndPrintsWhatIsShown(String block, @TempDir Path folder) throws Exception {
        String printed = JavaBlock.run(block, folder);
        List<String> expected = block.lines()
                .filter(l -> l.startsWith("// prints "))
                .map(l -> l.substring("// prints ".length()))
                .toList();
        assertThat(printed.lines()).containsAll(expected);
        if (block.contains(".show()")) {
            assertThat(printed).contains("imbalance_max_mean").contains("|    8|");
        }
    }

    @Test
    void linksLeadSomewhere() throws IOException {
        List<String> links =
                LINK.matcher(readme()).results().map(r -> r.group(1)).toList();
        assertThat(links)
                .isNotEmpty()
                .allSatisfy(link -> assertThat(ROOT.resolve(link)).exists());
    }
}
