package io.sparkmoe.spark.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SqlCommandTest {
    private static final String QUERY = "select 1 a, array(1, 2) b, 'x, \"y\"' c, cast(null as int) d, 1.5 a";

    @BeforeAll
    static void session() {
        LocalSpark.get();
    }

    @Test
    void csvQuotesAndWritesArraysAsJson() {
        CommandLineRun run = CommandLineRun.of("sql", "-e", QUERY, "--format", "csv");
        assertThat(run.code()).isZero();
        assertThat(run.out().lines()).containsExactly("a,b,c,d,a", "1,\"[1,2]\",\"x, \"\"y\"\"\",,1.5");
    }

    @Test
    void jsonKeepsNulls() {
        CommandLineRun run = CommandLineRun.of("sql", "-e", "select 1 a, cast(null as int) b", "--format", "json");
        assertThat(run.out().strip()).isEqualTo("{\"a\":1,\"b\":null}");
    }

    @Test
    void tableIsAligned() {
        CommandLineRun run = CommandLineRun.of("sql", "-e", "select * from values (1, 'x'), (100, 'yy') as t(n, s)");
        assertThat(run.out().lines()).containsExactly("  n  s", "---  --", "  1  x", "100  yy");
    }

    @Test
    void theLastOfSeveralStatementsIsPrinted(@TempDir Path folder) throws Exception {
        Path file = folder.resolve("q.sql");
        Files.writeString(
                file, "create temporary view v as select ';' s; -- a; comment\n/* ; */ select s, 2 n from v;\n\n");
        CommandLineRun run = CommandLineRun.of("sql", "-f", file.toString(), "--format", "csv");
        assertThat(run.err()).isEmpty();
        assertThat(run.out().lines()).containsExactly("s,n", ";,2");
    }

    @Test
    void functionsAreThere() {
        CommandLineRun run =
                CommandLineRun.of("sql", "-e", "select moe_expert_counts(array(0, 2, 2), 3) c", "--format", "csv");
        assertThat(run.out().lines()).containsExactly("c", "\"[1,0,2]\"");
    }

    @Test
    void aMistakeIsSaidInPlainWords() {
        CommandLineRun run = CommandLineRun.of("sql", "-e", "select nope");
        assertThat(run.code()).isEqualTo(1);
        assertThat(run.err()).contains("nope").doesNotContain("\tat ");
        CommandLineRun missing = CommandLineRun.of("sql", "-f", "/no/such/file.sql");
        assertThat(missing.code()).isEqualTo(1);
        assertThat(missing.err()).contains("cannot read the SQL file");
    }

    @Test
    void statementsSplitOutsideQuotesAndComments() {
        assertThat(SqlStatements.split("a 'x;\\';' ; b \"y;\" -- z;\n; /* ; */ ;; c `q;`"))
                .containsExactly("a 'x;\\';'", "b \"y;\" -- z;", "c `q;`");
    }
}
