package io.sparkmoe.compat;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkmoe.spark.MoeSparkPlugin;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import org.apache.xbean.asm9.ClassReader;
import org.junit.jupiter.api.Test;

/**
 * Every class, method and field of Spark, Scala and Arrow that the shaded jar's code names exists in this Spark, with
 * the same signature; and no class of ours leaves a method of this Spark's abstract. Tests run only the calls that they
 * reach; this looks at all of them.
 */
class LinkageTest {
    private static final String OURS = "io/sparkmoe/";
    private static final String BUNDLED = "io/sparkmoe/shaded/";

    @Test
    void everyReferenceResolves() throws IOException, URISyntaxException {
        Set<String> missing = new TreeSet<>();
        int checked = 0;
        try (JarFile jar = new JarFile(shippedJar().toFile())) {
            for (JarEntry entry : ours(jar)) {
                References references = new References();
                try (InputStream in = jar.getInputStream(entry)) {
                    new ClassReader(in).accept(references, 0);
                }
                for (Reference r : references.found()) {
                    checked++;
                    if (!r.resolves()) {
                        missing.add(entry.getName() + " -> " + r);
                    }
                }
            }
        }
        System.out.println(checked + " references checked");
        assertThat(missing).isEmpty();
        assertThat(checked).isGreaterThan(1000);
    }

    @Test
    void nothingIsLeftAbstract() throws IOException, URISyntaxException, ClassNotFoundException {
        Set<String> missing = new TreeSet<>();
        try (JarFile jar = new JarFile(shippedJar().toFile())) {
            for (JarEntry entry : ours(jar)) {
                Class<?> type = Class.forName(
                        entry.getName().replace(".class", "").replace('/', '.'),
                        false,
                        getClass().getClassLoader());
                if (!Modifier.isAbstract(type.getModifiers())) {
                    unimplemented(type).forEach(m -> missing.add(m + " in " + type.getName()));
                }
            }
        }
        assertThat(missing).isEmpty();
    }

    @Test
    void whatDoesNotExistIsNoticed() {
        String session = "org/apache/spark/sql/SparkSession";
        assertThat(new Reference(session, "version", "()Ljava/lang/String;", false).resolves())
                .isTrue();
        assertThat(new Reference(session, "version", "()I", false).resolves()).isFalse();
        assertThat(new Reference(session + "s", "version", "()Ljava/lang/String;", false).resolves())
                .isFalse();
        assertThat(unimplemented(Runnable.class)).hasSize(1);
    }

    private static List<Method> unimplemented(Class<?> type) {
        return Arrays.stream(type.getMethods())
                .filter(m -> Modifier.isAbstract(m.getModifiers()))
                .toList();
    }

    private static List<JarEntry> ours(JarFile jar) {
        List<JarEntry> out = new ArrayList<>();
        jar.stream()
                .filter(e -> e.getName().endsWith(".class") && !e.getName().endsWith("-info.class"))
                .filter(e -> e.getName().startsWith(OURS) && !e.getName().startsWith(BUNDLED))
                .forEach(out::add);
        return out;
    }

    private static Path shippedJar() throws URISyntaxException {
        return Path.of(MoeSparkPlugin.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .toURI());
    }
}
