package io.sparkmoe.spark.jobs;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.spark.sql.SparkSession;

/** One small local session for the tests of this module's jobs; Surefire's JVM ends it. */
public final class LocalSpark {
    private LocalSpark() {}

    /** The session, with few shuffle partitions and without a web page. */
    public static SparkSession get() {
        SparkSession spark = SparkSession.builder()
                .master("local[2]")
                .appName("jobs-tests")
                .config("spark.ui.enabled", "false")
                .config("spark.sql.shuffle.partitions", "3")
                .config("spark.driver.bindAddress", "127.0.0.1")
                .config("spark.driver.host", "127.0.0.1")
                .getOrCreate();
        spark.sparkContext().setLogLevel("WARN");
        return spark;
    }

    /** A copy of a resource in a folder of its own, under its name: resources may lie in a jar. */
    static String resource(String name) {
        try (InputStream in = LocalSpark.class.getResourceAsStream(name)) {
            Path folder = Files.createTempDirectory("spark-moe-tests");
            Path file = folder.resolve(name.substring(name.lastIndexOf('/') + 1));
            Files.write(file, in.readAllBytes());
            folder.toFile().deleteOnExit();
            file.toFile().deleteOnExit();
            return file.toString();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
