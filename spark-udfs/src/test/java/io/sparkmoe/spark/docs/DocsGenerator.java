package io.sparkmoe.spark.docs;

import io.sparkmoe.spark.MoeConf;
import io.sparkmoe.spark.functions.FunctionCatalog;
import io.sparkmoe.spark.functions.FunctionSpec;
import io.sparkmoe.spark.functions.Parameter;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** Writes the pages of docs/ that follow from the code: the SQL functions and the configuration keys. */
final class DocsGenerator {
    /** How a stale page is brought up to date, from the repository's root. */
    static final String COMMAND =
            "mvn -pl spark-udfs -am test -Dtest=GeneratedDocsTest -Dsurefire.failIfNoSpecifiedTests=false -Ddocs.write=true";

    private static final String GENERATED =
            "<!-- Generated from the code; do not edit. To write it anew: " + COMMAND + " -->\n\n";

    private DocsGenerator() {}

    /** Page texts by file name under docs/. */
    static Map<String, String> pages() {
        Map<String, String> pages = new LinkedHashMap<>();
        pages.put("functions.md", functions());
        pages.put("configuration.md", configuration());
        return pages;
    }

    private static String functions() {
        String index = FunctionCatalog.all().stream()
                .map(f -> "| [`" + f.name() + "`](#" + f.name().toLowerCase(Locale.ROOT) + ") | "
                        + cell(f.doc().summary()) + " |\n")
                .collect(Collectors.joining());
        return "# SQL functions\n\n" + GENERATED + """
                Arguments may be positional or named (`num_experts => 256`). Named ones are safer: Python and C++ sources of
                the same operators disagree on the order of `block_size` and `num_experts`, and two swapped numbers give a
                plausible wrong answer. Everything but columns must be constant: a literal, a parameter marker or a session
                variable.

                A NULL list gives NULL (aggregates skip it); an empty list gives empty results. In a list, -1 and NULL
                elements are masked. The order of struct fields is part of the contract, and every function is
                deterministic. Spark never casts the ids: tinyint, smallint, int and bigint arrays, nested arrays and packed
                binary are read as they are. The results below are what the functions print as JSON.

                Activations are arrays of float or packed tensors; [reorder.md](reorder.md) has their format and how the
                functions chain.

                | function | what it gives |
                |---|---|
                """ + index
                + FunctionCatalog.all().stream().map(DocsGenerator::function).collect(Collectors.joining());
    }

    private static String function(FunctionSpec f) {
        String arguments = f.parameters().stream()
                .map(p -> "| `" + p.name() + "` | " + kind(p) + " | " + fallback(p) + " | " + cell(p.doc()) + " |\n")
                .collect(Collectors.joining());
        return "\n## " + f.name() + "\n\n"
                + "```\n" + f.signature() + "\n```\n\n"
                + f.doc().summary() + "\n\n"
                + "| argument | kind | default | meaning |\n|---|---|---|---|\n" + arguments + "\n"
                + "**Returns** " + f.doc().returns().replace("<", "\\<") + " Since " + f.since() + ".\n\n"
                + "```sql\n" + f.doc().example() + ";\n-- " + f.doc().result().replace("\n", "\n-- ") + "\n```\n";
    }

    private static String kind(Parameter p) {
        return p.data() ? "column" : "constant";
    }

    private static String fallback(Parameter p) {
        if (p.required()) {
            return "required";
        }
        return p.fallback() == null
                ? "not given"
                : "`" + (p.fallback() instanceof String s ? "'" + s + "'" : p.fallback()) + "`";
    }

    private static String configuration() {
        String keys = MoeConf.KEYS.stream()
                .map(k -> "| `" + k.name() + "` | `" + k.fallback() + "` | " + cell(k.read()) + " | " + cell(k.doc())
                        + " |\n")
                .collect(Collectors.joining());
        return "# Configuration\n\n" + GENERATED + """
                Keys are Spark settings: `--conf` of spark-submit and of `spark-moe`, `SET` in SQL, or
                `SparkSession.builder().config(...)`. A key that is read per query may change between queries of a session.

                | key | default | read | meaning |
                |---|---|---|---|
                """ + keys + """

                ## Turning the extension on

                Any one of these, or several together; a session is served once:

                | way | setting |
                |---|---|
                | plugin (recommended) | `spark.plugins=io.sparkmoe.spark.MoeSparkPlugin` |
                | session extensions | `spark.sql.extensions=io.sparkmoe.spark.MoeSessionExtensions` |
                | class path | nothing: Spark finds the jar when it lies in its `jars` folder |

                The plugin also publishes the executors' running totals in Spark's metrics system.
                """;
    }

    private static String cell(String text) {
        return text.replace("|", "\\|").replace("<", "\\<").replace("\n", " ");
    }
}
