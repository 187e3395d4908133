package io.sparkmoe.spark.jobs;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code spark-moe sql}: runs SQL with the moe_ functions. */
@Command(
        name = "sql",
        description = {
            "Runs SQL statements with the moe_ functions and prints the last result on stdout.",
            "With --input the recording is the view 'trace' (one row = the routing of some tokens at one layer).",
            ""
        },
        sortOptions = false,
        footerHeading = "%nExamples:%n",
        footer = {
            "  spark-moe sql -e \"SHOW USER FUNCTIONS LIKE 'moe_*'\"",
            "  spark-moe sql -e 'DESCRIBE FUNCTION EXTENDED moe_padding'",
            "  spark-moe sql --input traces/trace -e 'SELECT layer, moe_expert_load(topk_ids, 64) AS load",
            "      FROM trace GROUP BY layer ORDER BY layer' --format csv > load.csv"
        })
public final class SqlCommand extends Verb {
    @ArgGroup(multiplicity = "1")
    private Source source = new Source();

    @Mixin
    private InputOptions input = new InputOptions();

    @Option(
            names = "--format",
            paramLabel = "F",
            defaultValue = "table",
            description = "table (aligned), csv (with header; arrays and structs as JSON) or json (one object a row). "
                    + "Default: ${DEFAULT-VALUE}.")
    private Format format = Format.table;

    /** Where the statements are. */
    static final class Source {
        @Option(names = "-e", paramLabel = "SQL", description = "The statements, separated by semicolons.")
        private @Nullable String text;

        @Option(names = "-f", paramLabel = "FILE", description = "A file of statements.")
        private @Nullable Path file;
    }

    @Override
    int run(SparkSession spark, Progress progress) throws IOException {
        List<String> statements = SqlStatements.split(text());
        if (statements.isEmpty()) {
            throw usage("there is no statement to run");
        }
        if (!input.input().isEmpty()) {
            Trace.open(spark, input, false, progress).rows().createOrReplaceTempView("trace");
        }
        Dataset<Row> result = null;
        for (String statement : statements) {
            spark.sparkContext().setJobDescription(statement);
            result = spark.sql(statement);
        }
        new ResultPrinter(out(), err()).print(result, format);
        return DONE;
    }

    private String text() throws IOException {
        if (source.text != null) {
            return source.text;
        }
        if (!Files.isReadable(source.file)) {
            throw new UserError("cannot read the SQL file " + source.file);
        }
        return Files.readString(source.file);
    }
}
