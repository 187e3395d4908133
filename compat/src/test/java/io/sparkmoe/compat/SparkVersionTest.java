package io.sparkmoe.compat;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkmoe.spark.MoeSparkPlugin;
import java.nio.file.Path;
import java.security.CodeSource;
import org.apache.arrow.memory.BufferAllocator;
import org.junit.jupiter.api.Test;

/** That this module tests what it says: the requested Spark, with its own Arrow, and the shaded jar. */
class SparkVersionTest {
    @Test
    void runsOnTheRequestedSpark() {
        String spark = org.apache.spark.package$.MODULE$.SPARK_VERSION();
        System.out.printf(
                "Spark %s, Scala %s, Java %s%n  Spark: %s%n  Arrow: %s%n  Spark MoE: %s%n",
                spark,
                scala.util.Properties.versionNumberString(),
                Runtime.version(),
                jar(org.apache.spark.sql.SparkSession.class),
                jar(BufferAllocator.class),
                jar(MoeSparkPlugin.class));
        assertThat(spark).isEqualTo(System.getProperty("compat.spark.version"));
    }

    @Test
    void runsTheShadedJar() throws ReflectiveOperationException {
        assertThat(jar(MoeSparkPlugin.class).toString()).matches(".*/spark-moe_2\\.13-[^/]*\\.jar");
        for (String shaded : new String[] {
            "io.sparkmoe.core.RoutingBackends",
            "io.sparkmoe.shaded.picocli.CommandLine",
            "io.sparkmoe.shaded.jte.TemplateEngine"
        }) {
            assertThat(jar(Class.forName(shaded))).as(shaded).isEqualTo(jar(MoeSparkPlugin.class));
        }
    }

    private static Path jar(Class<?> type) {
        CodeSource source = type.getProtectionDomain().getCodeSource();
        return Path.of(source.getLocation().getPath());
    }
}
