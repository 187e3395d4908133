package io.sparkmoe.spark.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Collectors;
import javax.tools.ToolProvider;

/** Compiles statements with their imports and runs them in this JVM. */
final class JavaBlock {
    private JavaBlock() {}

    /** What the statements print. */
    static String run(String block, Path folder) throws Exception {
        String imports = block.lines().filter(l -> l.startsWith("import ")).collect(Collectors.joining("\n"));
        String body = block.lines().filter(l -> !l.startsWith("import ")).collect(Collectors.joining("\n"));
        Path source = folder.resolve("Block.java");
        Files.writeString(
                source,
                imports + "\npublic class Block { public static void run() throws Exception {\n" + body + "\n} }");
        ByteArrayOutputStream errors = new ByteArrayOutputStream();
        int compiled = ToolProvider.getSystemJavaCompiler()
                .run(
                        null,
                        errors,
                        errors,
                        "-proc:none",
                        "-cp",
                        System.getProperty("java.class.path"),
                        "-d",
                        folder.toString(),
                        source.toString());
        assertThat(compiled).as(errors.toString(StandardCharsets.UTF_8)).isZero();
        return printed(folder);
    }

    private static String printed(Path folder) throws Exception {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        PrintStream before = System.out;
        URL[] classes = {folder.toUri().toURL()};
        try (URLClassLoader loader = new URLClassLoader(classes, JavaBlock.class.getClassLoader());
                PrintStream capture = new PrintStream(out, true, StandardCharsets.UTF_8)) {
            System.setOut(capture);
            // Spark's show() prints to Scala's Console, which keeps the stream that it found first.
            scala.Console.withOut(capture, () -> {
                try {
                    return loader.loadClass("Block").getMethod("run").invoke(null);
                } catch (ReflectiveOperationException e) {
                    throw new IllegalStateException(e);
                }
            });
        } finally {
            System.setOut(before);
        }
        return out.toString(StandardCharsets.UTF_8);
    }
}
