package io.sparkmoe.spark.sql;

import io.sparkmoe.spark.MoeSparkPlugin;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.util.ArrowUtils;

/**
 * The one local session that the SQL tests share. Settings of Spark given to the JVM reach it: {@code
 * -Dspark.moe.backend=cuda} runs the tests on that backend, {@code -Dspark.ui.enabled=false} without the web page.
 */
final class TestSpark {
    private static final String WAREHOUSE = freshWarehouse();

    private TestSpark() {}

    static SparkSession session() {
        return SparkSession.builder()
                .master("local[2]")
                .appName("spark-moe-tests")
                .config("spark.plugins", MoeSparkPlugin.class.getName())
                .config("spark.ui.enabled", System.getProperty("spark.ui.enabled", "true"))
                .config("spark.ui.port", "0")
                .config("spark.ui.showConsoleProgress", "false")
                .config("spark.driver.bindAddress", "127.0.0.1")
                .config("spark.driver.host", "127.0.0.1")
                .config("spark.sql.shuffle.partitions", "3")
                .config("spark.sql.warehouse.dir", WAREHOUSE)
                .getOrCreate();
    }

    /** A fresh folder: tables that a broken run left behind would stop this one. */
    private static String freshWarehouse() {
        try {
            return Files.createTempDirectory(Files.createDirectories(Path.of("target")), "warehouse")
                    .toUri()
                    .toString();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Arrow bytes that nobody has freed; 0 once no task runs. */
    static long arrowBytes() throws InterruptedException {
        for (int i = 0; i < 100 && ArrowUtils.rootAllocator().getAllocatedMemory() != 0; i++) {
            Thread.sleep(50);
        }
        return ArrowUtils.rootAllocator().getAllocatedMemory();
    }
}
