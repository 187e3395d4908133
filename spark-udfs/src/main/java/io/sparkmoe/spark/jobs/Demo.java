package io.sparkmoe.spark.jobs;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The bundled sample, copied out of the jar to a temporary folder for the time of a run. */
final class Demo implements AutoCloseable {
    private static final String SAMPLE = "sample_sglang.jsonl.bz2";
    private static final String CONFIG = "config.json";

    private final Path folder;

    Demo() throws IOException {
        folder = Files.createTempDirectory("spark-moe-demo");
        copy(SAMPLE);
        copy(CONFIG);
    }

    private void copy(String name) throws IOException {
        try (InputStream in = Demo.class.getResourceAsStream("/io/sparkmoe/demo/" + name)) {
            if (in == null) {
                throw new IOException("the jar lacks the demo's " + name);
            }
            Files.copy(in, folder.resolve(name));
        }
    }

    /** Points the input options at the sample. */
    void applyTo(InputOptions input) {
        input.replace(
                List.of(folder.resolve(SAMPLE).toUri().toString()),
                Recorder.sglang,
                folder.resolve(CONFIG).toUri().toString());
    }

    /** What reports call a source: not the copy's path, which is gone after the run. */
    static String sourceName(String path) {
        return path.endsWith("/" + SAMPLE) ? SAMPLE : path;
    }

    @Override
    public void close() throws IOException {
        Files.deleteIfExists(folder.resolve(SAMPLE));
        Files.deleteIfExists(folder.resolve(CONFIG));
        Files.deleteIfExists(folder);
    }
}
