package io.sparkmoe.spark.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkmoe.spark.gpu.Gpu;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class UsageTest {
    @BeforeAll
    static void session() {
        LocalSpark.get();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "'' | Which verb?",
                "frobnicate | frobnicate",
                "report | --input is missing",
                "report --demo --input x | leave --input out",
                "report --input x --recorder tape | tape",
                "report --input x --block-sizes 16,0 | '0' must be a whole number from 1",
                "report --input x --tokens-per-pass many | 'many' must be a whole number",
                "report --input x --ep-size -1 | '-1' must be a whole number",
                "load | --input is missing",
                "load --input x --windows 5000 | --windows must be at most 1000",
                "transitions --input x --pairs all --lag 2 | leave --lag out",
                "transitions --input x --pairs some | some",
                "capacity --input x --factors 1,0 | --factors must all be finite and above 0, got 0.0",
                "coactivation --input x --task-memory plenty | --task-memory must be a size",
                "report --input x --explain-plan | --explain-plan is of --all",
                "report --input x --sample 1.5 | --sample must be above 0",
                "report --input x --on-bad-rows ignore | ignore",
                "drift | --left and --right are missing",
                "drift --left a | --right is missing",
                "drift --left a --right b --input c | leave --input and --compare out",
                "drift --input a --compare checkpoint 1 | 3 values",
                "drift --compare checkpoint 1 2 | --compare needs --input",
                "drift --left a --right b --window-steps 5 | leave --left, --right and --compare out",
                "drift --input a --window-steps 0 | '0' must be a whole number from 1",
                "mismatch --input a | --left and --right are missing",
                "mismatch --left a --right b --right-key id | --left-key has 2 names, --right-key 1",
                "specialization | --input is missing",
                "specialization --input a --by style | style",
                "audit | --input is missing",
                "convert --input x | --output",
                "sql | -e",
                "sql -e select -f file | mutually exclusive"
            })
    void aCommandLineThatIsNotUnderstoodExitsWith2(String args, String message) {
        CommandLineRun run = CommandLineRun.of(args.isEmpty() ? new String[0] : args.split(" "));
        assertThat(run.code()).isEqualTo(2);
        assertThat(run.err()).contains(message).contains("--help").doesNotContain("\tat ");
        assertThat(run.out()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "report",
                "load",
                "coactivation",
                "transitions",
                "padding",
                "capacity",
                "drift",
                "mismatch",
                "specialization",
                "convert",
                "audit",
                "sql",
                "doctor"
            })
    void helpTeaches(String verb) {
        CommandLineRun run = CommandLineRun.of(verb, "--help");
        assertThat(run.code()).isZero();
        assertThat(run.out()).contains("Usage: spark-moe " + verb).contains("spark-moe " + verb + " --");
        assertThat(run.err()).isEmpty();
    }

    @Test
    void topLevelHelpNamesVerbsAndExitCodes() {
        CommandLineRun run = CommandLineRun.of("--help");
        assertThat(run.code()).isZero();
        assertThat(run.out()).contains("report", "convert", "audit", "sql", "doctor", "Exit codes", "--demo");
        assertThat(CommandLineRun.of("--version").out()).contains("Spark MoE", "Apache Spark", "Java");
    }

    @Test
    void noInputMatched(@TempDir Path folder) {
        for (String verb : List.of("report", "audit")) {
            CommandLineRun run = CommandLineRun.of(
                    verb, "--input", folder.resolve("no*.jsonl").toString());
            assertThat(run.code()).isEqualTo(1);
            assertThat(run.err())
                    .contains("no input matched")
                    .contains("no*.jsonl")
                    .doesNotContain("\tat ");
            assertThat(run.out()).isEmpty();
        }
    }

    @Test
    void anOutputThatExistsIsNotTouched(@TempDir Path folder) throws Exception {
        Path mine = Files.writeString(folder.resolve("mine.txt"), "keep");
        CommandLineRun run = CommandLineRun.of("report", "--input", mine.toString(), "--output", folder.toString());
        assertThat(run.code()).isEqualTo(1);
        assertThat(run.err()).contains("output exists").contains("--overwrite");
        CommandLineRun forced =
                CommandLineRun.of("report", "--input", mine.toString(), "--output", folder.toString(), "--overwrite");
        assertThat(forced.code()).isEqualTo(1);
        assertThat(forced.err()).contains("no earlier output");
        CommandLineRun convert =
                CommandLineRun.of("convert", "--input", mine.toString(), "--output", folder.toString(), "--overwrite");
        assertThat(convert.code()).isEqualTo(1);
        assertThat(convert.err()).contains("was not written by convert");
        assertThat(mine).hasContent("keep");
        try (var files = Files.list(folder)) {
            assertThat(files).containsExactly(mine);
        }
    }

    @Test
    void verboseShowsTheStackTrace(@TempDir Path folder) {
        CommandLineRun run = CommandLineRun.of(
                "audit", "--verbose", "--input", folder.resolve("x").toString());
        assertThat(run.code()).isEqualTo(1);
        assertThat(run.err()).contains("no input matched").contains("\tat ");
    }

    @Test
    void doctorSaysWhichBackendAndWhy() {
        boolean onGpu = !"cpu".equals(System.getProperty("spark.moe.backend")) && Gpu.usable();
        CommandLineRun run = CommandLineRun.of("doctor");
        assertThat(run.code()).isZero();
        assertThat(run.out())
                .contains("Spark  ", "Arrow", "Java", "GPU", "Native folder")
                .containsPattern("Backend +" + (onGpu ? "cuda" : "cpu") + ": ");
        CommandLineRun wrong = CommandLineRun.of("doctor", "--conf", "spark.moe.backend=abacus");
        assertThat(wrong.code()).isEqualTo(1);
        assertThat(wrong.err()).contains("abacus");
    }
}
