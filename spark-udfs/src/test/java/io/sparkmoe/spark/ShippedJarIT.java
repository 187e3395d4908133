package io.sparkmoe.spark;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.List;
import java.util.jar.JarFile;
import java.util.zip.ZipEntry;
import org.junit.jupiter.api.Test;

/**
 * What the shipped jar holds: ours, picocli and jte under our name, the chart library as a resource, JCuda's driver
 * binding with its one native library; nothing that Spark brings, which would clash with the cluster's own version.
 */
class ShippedJarIT {
    private static final String CUDA_BINDING = "lib/libJCudaDriver-12.6.0-linux-x86_64.so";

    private static final List<String> OURS = List.of(
            "io/sparkmoe/demo/",
            "io/sparkmoe/core/",
            "io/sparkmoe/spark/",
            "io/sparkmoe/shaded/picocli/",
            "io/sparkmoe/shaded/jte/",
            // Named as in JCuda's own jar: its native library finds classes by name, and is found by name.
            "jcuda/",
            CUDA_BINDING,
            "META-INF/MANIFEST.MF",
            "META-INF/LICENSE",
            "META-INF/NOTICE",
            "META-INF/maven/",
            "META-INF/services/org.apache.spark.sql.",
            "META-INF/resources/webjars/echarts/");

    @Test
    void holdsNothingOfSparks() throws IOException {
        try (JarFile jar = new JarFile(System.getProperty("shipped.jar"))) {
            List<String> files = jar.stream()
                    .filter(e -> !e.isDirectory())
                    .map(ZipEntry::getName)
                    .toList();
            assertThat(files)
                    .allSatisfy(name -> assertThat(OURS).anyMatch(name::startsWith))
                    .doesNotHaveDuplicates()
                    .contains(
                            "io/sparkmoe/core/RoutingBackends.class",
                            "io/sparkmoe/spark/MoeSparkPlugin.class",
                            "META-INF/services/org.apache.spark.sql.SparkSessionExtensionsProvider",
                            "META-INF/LICENSE",
                            "META-INF/NOTICE",
                            "io/sparkmoe/spark/report/third-party.txt",
                            "jcuda/Pointer.class",
                            "jcuda/driver/JCudaDriver.class",
                            CUDA_BINDING)
                    .noneMatch(name -> name.startsWith("jcuda/runtime/") || name.startsWith("jcuda/nv"));
            assertThat(jar.getManifest().getMainAttributes().getValue("Main-Class"))
                    .isEqualTo("io.sparkmoe.spark.Main");
        }
    }
}
