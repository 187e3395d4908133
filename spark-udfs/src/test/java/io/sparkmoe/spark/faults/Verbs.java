package io.sparkmoe.spark.faults;

import io.sparkmoe.spark.Main;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.apache.spark.sql.SparkSession;

/** Runs the verbs in the session of this JVM and tells every row that they gave, in an order of its own. */
public final class Verbs {
    private static final List<String> TABLES = List.of(
            "trace", "audit", "quarantine", "tables/expert_load", "tables/balance", "tables/padding", "tables/audit");

    private Verbs() {}

    /** What audit prints, and what convert and report write, of a recording with a bad line. */
    public static List<String> ofRecording(SparkSession spark, Recording recording) throws Exception {
        String[] input = {
            "--input",
            recording.plain().toString(),
            "--model-config",
            recording.config().toString()
        };
        List<String> all = new ArrayList<>(run(spark, 3, input, "audit", "--format", "csv"));
        all.addAll(run(spark, 3, input, "convert", "--on-bad-rows", "quarantine"));
        all.addAll(run(spark, 3, input, "report", "--on-bad-rows", "quarantine", "--tokens-per-pass", "8"));
        return all;
    }

    /** The same of a trace table, without convert. */
    static List<String> ofTable(SparkSession spark, Path table) throws Exception {
        String[] input = {"--input", table.toString()};
        List<String> all = new ArrayList<>(run(spark, 0, input, "audit", "--format", "csv"));
        all.addAll(run(spark, 0, input, "report", "--tokens-per-pass", "8"));
        return all;
    }

    private record Outcome(int code, String out, String err) {
        static Outcome of(String... args) {
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            ByteArrayOutputStream err = new ByteArrayOutputStream();
            int code = Main.run(
                    new PrintStream(out, true, StandardCharsets.UTF_8),
                    new PrintStream(err, true, StandardCharsets.UTF_8),
                    args);
            return new Outcome(code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
        }
    }

    /** What a verb says that fails. */
    static List<String> failure(String... args) {
        Outcome outcome = Outcome.of(args);
        if (outcome.code != 1) {
            throw new IllegalStateException(List.of(args) + " ended with " + outcome.code);
        }
        return outcome.err.lines().toList();
    }

    private static List<String> run(SparkSession spark, int code, String[] input, String... verb) throws Exception {
        Path output = Files.createTempDirectory("verbs").resolve(verb[0]);
        List<String> args = new ArrayList<>(List.of(verb));
        Collections.addAll(args, input);
        if (!verb[0].equals("audit")) {
            args.addAll(List.of("--output", output.toString()));
        }
        Outcome outcome = Outcome.of(args.toArray(new String[0]));
        if (outcome.code != code) {
            throw new IllegalStateException(args + " ended with " + outcome.code + ": " + outcome.err);
        }
        return verb[0].equals("audit") ? outcome.out.lines().toList() : tables(spark, output);
    }

    private static List<String> tables(SparkSession spark, Path output) {
        List<String> rows = new ArrayList<>();
        for (String table : TABLES) {
            if (Files.exists(output.resolve(table))) {
                spark.read().parquet(output.resolve(table).toString()).toJSON().collectAsList().stream()
                        .sorted()
                        .forEach(row -> rows.add(table + " " + row));
            }
        }
        return rows;
    }
}
