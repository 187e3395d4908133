package io.sparkmoe.spark.cluster;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.spark.launcher.JavaModuleOptions;

/**
 * A Spark installation made of Maven's jars: {@code jars/} holds links to them, {@code conf/} the log settings. Spark's
 * own main classes run on it as a distribution's scripts would start them.
 *
 * @param home folder, SPARK_HOME of what runs here
 */
record SparkHome(Path home) {
    /** What a run wrote, and its exit code. */
    record Result(int exit, String out, String err) {}

    /**
     * Lays the folder out.
     *
     * @param home folder to make
     * @param classPathFile the jars of Spark, separated as a class path
     */
    static SparkHome create(Path home, Path classPathFile) throws IOException {
        Path jars = Files.createDirectories(home.resolve("jars"));
        for (String jar : Files.readString(classPathFile).trim().split(File.pathSeparator)) {
            Path link = jars.resolve(Path.of(jar).getFileName());
            if (!Files.exists(link)) {
                Files.createSymbolicLink(link, Path.of(jar));
            }
        }
        Path conf = Files.createDirectories(home.resolve("conf"));
        Files.writeString(conf.resolve("log4j2.properties"), """
                rootLogger.level = warn
                rootLogger.appenderRef.stderr.ref = console
                logger.moe.name = io.sparkmoe
                logger.moe.level = info
                appender.console.type = Console
                appender.console.name = console
                appender.console.target = SYSTEM_ERR
                appender.console.layout.type = PatternLayout
                appender.console.layout.pattern = %d{HH:mm:ss} %p %c{1}: %m%n%ex
                """);
        return new SparkHome(home);
    }

    /** Runs {@code spark-submit} with these arguments in a folder of its own and waits for its end. */
    Result submit(Path folder, List<String> arguments) throws IOException, InterruptedException {
        Process process = start(folder, "127.0.0.1", "org.apache.spark.deploy.SparkSubmit", arguments);
        try {
            if (!process.waitFor(5, TimeUnit.MINUTES)) {
                throw new IOException("spark-submit did not end within 5 minutes; its log is in " + folder);
            }
        } finally {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
        }
        return new Result(
                process.exitValue(),
                Files.readString(folder.resolve("stdout.txt")),
                Files.readString(folder.resolve("stderr.txt")));
    }

    /** Starts a main class of Spark's in a folder of its own, which takes its output, bound to an address. */
    Process start(Path folder, String address, String mainClass, List<String> arguments) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of(JavaModuleOptions.defaultModuleOptionArray()));
        command.addAll(List.of("-Xmx1g", "-Djava.awt.headless=true", "-cp"));
        command.add(home.resolve("conf") + File.pathSeparator + home.resolve("jars") + File.separator + "*");
        command.add(mainClass);
        command.addAll(arguments);

        Files.createDirectories(folder);
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectOutput(folder.resolve("stdout.txt").toFile())
                .redirectError(folder.resolve("stderr.txt").toFile());
        builder.environment()
                .putAll(Map.of(
                        "SPARK_HOME",
                        home.toString(),
                        "SPARK_SCALA_VERSION",
                        "2.13",
                        "SPARK_LOCAL_IP",
                        address,
                        "SPARK_PREPEND_CLASSES",
                        ""));
        return builder.start();
    }
}
