package io.sparkmoe.spark.sql;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Runs a main of the tests in a JVM of its own, with the options of this one. */
public final class OwnJvm {
    private OwnJvm() {}

    /** The class path of this JVM, as Surefire was given it. */
    public static String classPath() {
        return System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    }

    /** @return what the process printed; it must end by itself within five minutes */
    static String run(Class<?> main, String heap, String classPath, String... args) throws Exception {
        return run(Map.of(), main, heap, classPath, args);
    }

    /** The same with additions to the environment. */
    public static String run(
            Map<String, String> environment, Class<?> main, String heap, String classPath, String... args)
            throws Exception {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        for (String arg : ManagementFactory.getRuntimeMXBean().getInputArguments()) {
            if (!arg.startsWith("-javaagent") && !arg.startsWith("-Xmx")) {
                command.add(arg);
            }
        }
        command.addAll(List.of("-Xmx" + heap, "-cp", classPath, main.getName()));
        command.addAll(List.of(args));
        File out = File.createTempFile("own-jvm", ".txt");
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(out);
        builder.environment().putAll(environment);
        Process process = builder.start();
        try {
            assertThat(process.waitFor(300, TimeUnit.SECONDS))
                    .as(main.getName())
                    .isTrue();
        } finally {
            process.destroyForcibly();
        }
        return Files.readString(out.toPath());
    }
}
