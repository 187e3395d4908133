package io.sparkmoe.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.jar.JarFile;
import java.util.stream.Stream;
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
                    .noneMatch(name -> name.equals("jcuda/runtime/JCuda.class") || name.startsWith("jcuda/nv"));
            assertThat(jar.getManifest().getMainAttributes().getValue("Main-Class"))
                    .isEqualTo("io.sparkmoe.spark.Main");
        }
    }

    /** Where there is no GPU nothing of JCuda is initialised, and a class that it lacks would go unnoticed. */
    @Test
    void jcudaIsWhole() throws Exception {
        Path shipped = Path.of(System.getProperty("shipped.jar"));
        try (JarFile jar = new JarFile(shipped.toFile());
                URLClassLoader alone =
                        new URLClassLoader(new URL[] {shipped.toUri().toURL()}, ClassLoader.getPlatformClassLoader())) {
            List<String> classes = jar.stream()
                    .map(ZipEntry::getName)
                    .filter(name -> name.startsWith("jcuda/") && name.endsWith(".class"))
                    .map(name -> name.replace(".class", "").replace('/', '.'))
                    .toList();
            assertThat(classes).hasSizeGreaterThan(100);
            for (String name : classes) {
                Class<?> type = Class.forName(name, false, alone);
                assertThatCode(() -> Stream.of(
                                        type.getDeclaredConstructors(),
                                        type.getDeclaredMethods(),
                                        type.getDeclaredFields())
                                .forEach(Objects::requireNonNull))
                        .as("types in the signatures of %s", name)
                        .doesNotThrowAnyException();
            }
        }
    }
}
