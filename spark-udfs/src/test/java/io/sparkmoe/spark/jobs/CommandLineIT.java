package io.sparkmoe.spark.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The shipped jar as users start it: by the launcher, and by Spark's own SparkSubmit. */
class CommandLineIT {
    private static final Path JAR = Path.of(System.getProperty("shipped.jar")).toAbsolutePath();
    private static final Path TARGET = JAR.getParent();
    private static final Path LAUNCHER = TARGET.resolve("../../bin/spark-moe").normalize();
    private static final Path JAVA = Path.of(System.getProperty("java.home"), "bin", "java");

    @TempDir
    Path folder;

    private record Run(int code, String out, String err) {}

    private Run run(List<String> command) throws IOException, InterruptedException {
        Path out = Files.createTempFile(folder, "out", ".txt");
        Path err = Files.createTempFile(folder, "err", ".txt");
        Process process = new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectOutput(out.toFile())
                .redirectError(err.toFile())
                .start();
        assertThat(process.waitFor(10, TimeUnit.MINUTES)).as("ended in time").isTrue();
        return new Run(process.exitValue(), Files.readString(out), Files.readString(err));
    }

    private static List<String> submit(String... args) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                JAVA.toString(),
                "@" + TARGET.resolve("jvm.options"),
                "-Xmx1g",
                "-cp",
                Files.readString(Path.of(System.getProperty("spark.classpath.file")))
                        .strip(),
                "org.apache.spark.deploy.SparkSubmit",
                "--master",
                "local[2]",
                "--class",
                "io.sparkmoe.spark.Main",
                JAR.toString()));
        command.addAll(List.of(args));
        return command;
    }

    @Test
    void theLauncherReportsOnTheDemoThroughASymlink() throws Exception {
        Path link = Files.createSymbolicLink(folder.resolve("a link"), LAUNCHER);
        Run run = run(List.of(link.toString(), "report", "--demo"));
        assertThat(run.code()).as(run.err()).isZero();
        assertThat(run.out()).contains("8 MoE layers, 64 experts").doesNotContain("WARN");
        assertThat(run.err()).contains("Counting expert load").doesNotContain("WARN", "INFO");
        assertThat(folder.resolve("spark-moe-report/report.html")).isNotEmptyFile();
        assertThat(folder.resolve("spark-moe-report/tables/expert_load")).isNotEmptyDirectory();
        assertThat(run(List.of(link.toString(), "report", "--input", "nothing*"))
                        .code())
                .isEqualTo(1);
        assertThat(run(List.of(link.toString(), "report")).code()).isEqualTo(2);
    }

    @Test
    void sparkSubmitRunsTheSameVerbs() throws Exception {
        Path output = folder.resolve("submitted");
        Run run = run(submit("report", "--demo", "--output", output.toString(), "--master", "local-cluster[9,9,9]"));
        assertThat(run.code()).as(run.err()).isZero();
        assertThat(run.out()).startsWith("Read").contains("8 MoE layers, 64 experts");
        assertThat(output.resolve("summary.json")).isNotEmptyFile();
        Run sql = run(submit("sql", "-e", "select moe_expert_counts(array(0, 2, 2), 3) c", "--format", "csv"));
        assertThat(sql.code()).as(sql.err()).isZero();
        assertThat(sql.out().lines()).containsExactly("c", "\"[1,0,2]\"");
        assertThat(run(submit("sql", "-e", "select nope")).code()).isEqualTo(1);
    }
}
