package io.sparkmoe.spark.faults;

import com.github.luben.zstd.ZstdOutputStream;
import io.sparkmoe.spark.CompressedText;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPOutputStream;
import org.apache.hadoop.io.compress.bzip2.CBZip2OutputStream;

/**
 * Some responses of the demo with one line that is no JSON among them.
 *
 * @param folder where its files are
 */
public record Recording(Path folder) {
    private static final int RESPONSES = 5;

    /** Writes the plain form, and the model's config. */
    public static Recording write(Path folder) throws IOException {
        try (InputStream in = resource("config.json")) {
            Files.copy(in, folder.resolve("config.json"));
        }
        List<String> lines = new ArrayList<>(CompressedText.demo().subList(0, RESPONSES));
        lines.add(RESPONSES / 2, "not json");
        Files.write(folder.resolve("recording.jsonl"), lines);
        return new Recording(folder);
    }

    private static InputStream resource(String name) {
        return Recording.class.getResourceAsStream("/io/sparkmoe/demo/" + name);
    }

    /** The plain file. */
    public Path plain() {
        return folder.resolve("recording.jsonl");
    }

    public Path config() {
        return folder.resolve("config.json");
    }

    /** The recording as a file with this ending: jsonl, gz, bz2 or zst. */
    Path as(String ending) throws IOException {
        Path to = folder.resolve("recording." + ending);
        if (!ending.equals("jsonl")) {
            try (OutputStream out = compress(ending, Files.newOutputStream(to))) {
                Files.copy(plain(), out);
            }
        }
        return to;
    }

    private static OutputStream compress(String ending, OutputStream to) throws IOException {
        return switch (ending) {
            case "gz" -> new GZIPOutputStream(to);
            case "zst" -> new ZstdOutputStream(to);
            default -> {
                to.write(new byte[] {'B', 'Z'});
                yield new CBZip2OutputStream(to, 1);
            }
        };
    }

    /** The data source's options for it. */
    Map<String, String> options() {
        return Map.of("recorder", "sglang", "modelConfig", config().toString(), "onBadRows", "mark");
    }
}
