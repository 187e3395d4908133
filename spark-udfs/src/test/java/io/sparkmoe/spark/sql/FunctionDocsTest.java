package io.sparkmoe.spark.sql;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkmoe.spark.functions.FunctionCatalog;
import io.sparkmoe.spark.functions.FunctionSpec;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** DESCRIBE FUNCTION EXTENDED of every function, and its example run for real. */
class FunctionDocsTest {
    private static final SparkSession SPARK = TestSpark.session();

    static Stream<String> functions() {
        return FunctionCatalog.all().stream().map(FunctionSpec::name);
    }

    @ParameterizedTest
    @MethodSource("functions")
    void exampleGivesTheDocumentedResult(String name) {
        String text = SPARK.sql("DESCRIBE FUNCTION EXTENDED " + name).collectAsList().stream()
                .map(r -> r.getString(0))
                .collect(Collectors.joining("\n"));
        assertThat(text).contains("Function: " + name).contains("Arguments:").contains("Examples:");
        String[] example = text.substring(text.indexOf("> ", text.indexOf("Examples:")) + 2)
                .split(";\\s*\n", 2);
        String expected = example[1].lines().findFirst().orElse("").trim();
        Row row = SPARK.sql(example[0]).selectExpr("to_json(struct(*)) j").first();
        String json = row.getString(0);
        String value = json.substring(json.indexOf(':', json.lastIndexOf(")\":")) + 1, json.length() - 1);
        assertThat(unquoted(value)).as(example[0]).isEqualTo(expected);
    }

    private static String unquoted(String json) {
        return json.startsWith("\"") ? json.substring(1, json.length() - 1) : json;
    }
}
