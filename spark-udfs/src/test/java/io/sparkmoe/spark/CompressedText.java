package io.sparkmoe.spark;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.io.compress.CompressionCodec;
import org.apache.hadoop.io.compress.CompressionCodecFactory;

/** Text of the compressed recordings that tests read beside the product's own reader. */
public final class CompressedText {
    private static final String DEMO = "/io/sparkmoe/demo/sample_sglang.jsonl.bz2";

    private CompressedText() {}

    /** The demo's responses, one a line. */
    public static List<String> demo() throws IOException {
        try (InputStream in = CompressedText.class.getResourceAsStream(DEMO)) {
            return lines(in, DEMO);
        }
    }

    /** The lines of a gz or bz2 file. */
    public static List<String> lines(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            return lines(in, file.toString());
        }
    }

    private static List<String> lines(InputStream compressed, String name) throws IOException {
        try (InputStream in = codec(name).createInputStream(compressed)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
        }
    }

    private static CompressionCodec codec(String name) {
        return new CompressionCodecFactory(new Configuration(false)).getCodec(new org.apache.hadoop.fs.Path(name));
    }
}
