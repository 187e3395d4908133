package io.sparkmoe.spark.sql;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkmoe.spark.MoeSessionExtensions;
import java.io.File;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;

/**
 * Plugin, spark.sql.extensions and class path, alone and together: each session gets the rules once. A JVM with the service
 * file and one without, in each one Spark application after another.
 */
class RegistrationTest {
    @Test
    void registeredOnceFromTheClassPath() throws Exception {
        String out = OwnJvm.run(Probe.class, "512m", OwnJvm.classPath(), "0", "1", "2", "3");
        for (int ways = 0; ways < 4; ways++) {
            assertThat(out).contains("WAYS " + ways + " FUNCTIONS 1 RULES 1 RESULT [1,0,2,0]");
        }
    }

    @Test
    void registeredOnceWithoutTheClassPath() throws Exception {
        String out = OwnJvm.run(Probe.class, "512m", withoutServiceFile(), "0", "1", "2", "0", "3");
        assertThat(out.split("WAYS 0 FUNCTIONS 0 UNKNOWN", -1)).as(out).hasSize(3);
        for (int ways = 1; ways < 4; ways++) {
            assertThat(out).contains("WAYS " + ways + " FUNCTIONS 1 RULES 1 RESULT [1,0,2,0]");
        }
    }

    /** The tests' own class path with a copy of our classes that lacks the service file. */
    private static String withoutServiceFile() throws Exception {
        String own = OwnJvm.classPath();
        Path classes = Path.of(MoeSessionExtensions.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .toURI());
        Path copy = Files.createTempDirectory("no-service").resolve("classes.zip");
        try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(copy));
                FileSystem jar = Files.isDirectory(classes) ? null : FileSystems.newFileSystem(classes)) {
            Path root = jar == null ? classes : jar.getPath("/");
            try (Stream<Path> files = Files.walk(root)) {
                for (Path file : (Iterable<Path>) files.filter(Files::isRegularFile)::iterator) {
                    String name = root.relativize(file).toString();
                    if (!name.startsWith("META-INF/services/org.apache.spark.sql.SparkSessionExtensions")) {
                        zip.putNextEntry(new ZipEntry(name));
                        Files.copy(file, zip);
                    }
                }
            }
        }
        String replaced = Arrays.stream(own.split(File.pathSeparator))
                .map(entry -> Path.of(entry).equals(classes) ? copy.toString() : entry)
                .collect(Collectors.joining(File.pathSeparator));
        assertThat(replaced).isNotEqualTo(own);
        return replaced;
    }

    /** Runs in its own JVM. Each argument is an application's ways to register, as bits: 1 plugin, 2 extensions. */
    public static final class Probe {
        private Probe() {}

        public static void main(String[] args) {
            for (String ways : args) {
                SparkSession spark = session(Integer.parseInt(ways));
                System.out.println("WAYS " + ways + " " + registered(spark));
                spark.stop();
                SparkSession.clearActiveSession();
                SparkSession.clearDefaultSession();
            }
        }

        private static SparkSession session(int ways) {
            SparkSession.Builder builder = SparkSession.builder()
                    .master("local[1]")
                    .config("spark.ui.enabled", "false")
                    .config("spark.driver.bindAddress", "127.0.0.1")
                    .config("spark.driver.host", "127.0.0.1");
            if ((ways & 1) != 0) {
                builder.config("spark.plugins", "io.sparkmoe.spark.MoeSparkPlugin");
            }
            if ((ways & 2) != 0) {
                builder.config("spark.sql.extensions", "io.sparkmoe.spark.MoeSessionExtensions");
            }
            return builder.getOrCreate();
        }

        private static String registered(SparkSession spark) {
            int functions = spark.sql("SHOW FUNCTIONS LIKE 'moe_expert_counts'")
                    .collectAsList()
                    .size();
            if (functions == 0) {
                return "FUNCTIONS 0 UNKNOWN";
            }
            String plan = spark.sql(
                            "SELECT moe_expert_counts(ids, 4) FROM (SELECT array(2, 0, 2, -1) ids FROM range(2))")
                    .queryExecution()
                    .optimizedPlan()
                    .toString();
            Row row = spark.sql("SELECT to_json(moe_expert_counts(array(2, 0, 2, -1), 4))")
                    .first();
            return "FUNCTIONS " + functions + " RULES " + (plan.split("ArrowBatchEval", -1).length - 1) + " RESULT "
                    + row.getString(0);
        }
    }
}
