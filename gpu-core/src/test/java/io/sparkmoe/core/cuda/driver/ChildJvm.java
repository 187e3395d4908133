package io.sparkmoe.core.cuda.driver;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** A JVM of its own, for what a process does only once or does not survive. */
public final class ChildJvm {
    /** How it ended and what it printed, both streams together, without the JVM's own warnings: releases differ in them. */
    public record Result(int exitCode, String output) {}

    private final Process process;

    private ChildJvm(Process process) {
        this.process = process;
    }

    static ChildJvm start(
            String classPath, Path temporary, Map<String, String> environment, Class<?> main, String... arguments) {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "--add-opens=java.base/java.nio=ALL-UNNAMED",
                "-Djava.io.tmpdir=" + temporary,
                "-cp",
                classPath,
                main.getName()));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().putAll(environment);
        try {
            return new ChildJvm(builder.start());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public static ChildJvm start(Path temporary, Class<?> main, String... arguments) {
        return start(System.getProperty("java.class.path"), temporary, Map.of(), main, arguments);
    }

    public Result result() {
        try {
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            String said = output.lines()
                    .filter(line -> !line.startsWith("WARNING: ") && !line.isBlank())
                    .map(line -> line + "\n")
                    .collect(Collectors.joining());
            return new Result(process.waitFor(), said);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
