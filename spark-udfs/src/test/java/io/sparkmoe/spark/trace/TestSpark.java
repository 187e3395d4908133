package io.sparkmoe.spark.trace;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.spark.sql.SparkSession;

/** One session for the tests of this package, and the sample files. */
final class TestSpark {
    private TestSpark() {}

    static SparkSession session() {
        return SparkSession.builder()
                .master("local[2]")
                .config("spark.ui.enabled", "false")
                .config("spark.sql.shuffle.partitions", "2")
                .config("spark.sql.session.timeZone", "UTC")
                .getOrCreate();
    }

    /** Copies a resource of the demo or of the tests into a folder. */
    static Path copy(String resource, Path folder) throws IOException {
        Path to = folder.resolve(Path.of(resource).getFileName());
        try (InputStream in = TestSpark.class.getResourceAsStream("/io/sparkmoe/" + resource)) {
            Files.copy(in, to);
        }
        return to;
    }
}
