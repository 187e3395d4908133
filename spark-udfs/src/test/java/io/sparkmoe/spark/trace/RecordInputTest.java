package io.sparkmoe.spark.trace;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Slices of a file hold every record once, with its line number, wherever they are cut. */
final class RecordInputTest {
    @TempDir
    Path folder;

    private static List<String> records(Path file, long sliceBytes) throws IOException {
        List<String> found = new ArrayList<>();
        long bytes = Files.size(file);
        for (long start = 0; start < bytes; start += sliceBytes) {
            FileSlice slice = new FileSlice(file.toString(), start, Math.min(sliceBytes, bytes - start), bytes);
            try (RecordInput input = RecordInput.open(slice, new Configuration())) {
                while (input.nextRecord()) {
                    found.add(input.lineNumber() + " " + new String(input.readAllBytes(), StandardCharsets.UTF_8));
                }
            }
        }
        return found;
    }

    @Test
    void everyCutGivesEveryLineOnce() throws IOException {
        Path file = Files.writeString(folder.resolve("a.jsonl"), "[]\n\n[3]\r\n\n\n[44444]\n   [5]\n[6]");
        for (long size = 1; size <= Files.size(file); size++) {
            assertThat(records(file, size))
                    .as("slices of %d bytes", size)
                    .containsExactly("1 []", "3 [3]\r", "6 [44444]", "7 [5]", "8 [6]");
        }
    }

    @Test
    void everyCutOfBz2GivesEveryLineOnce() throws IOException {
        SplittableRandom random = new SplittableRandom(1);
        Path file = folder.resolve("a.bz2");
        List<String> expected = new ArrayList<>();
        try (OutputStream out = SglangFixture.bz2(Files.newOutputStream(file))) {
            for (int i = 1; i <= 1500; i++) {
                StringBuilder line = new StringBuilder();
                for (int n = 1 + random.nextInt(400); n > 0; n--) {
                    line.append((char) ('A' + random.nextInt(26)));
                }
                out.write((line + "\n").getBytes(StandardCharsets.UTF_8));
                expected.add(i + " " + line);
            }
        }
        for (long parts : new long[] {1, 2, 3, 4, 5, 9, 40}) {
            assertThat(records(file, Files.size(file) / parts + 1))
                    .as("%d parts", parts)
                    .isEqualTo(expected);
        }
    }

    @Test
    void aDocumentIsOneRecordOfTheFirstSlice() throws IOException {
        Path file = Files.writeString(folder.resolve("a.json"), "{\n \"a\": 1\n}\n");
        for (long size = 1; size <= Files.size(file); size++) {
            assertThat(records(file, size)).containsExactly("1 {\n \"a\": 1\n}\n");
        }
    }

    @Test
    void recordsLeftUnreadAreSkipped() throws IOException {
        String lines = "first\n" + "x".repeat(1 << 20) + "\nlast\n";
        Path file = Files.writeString(folder.resolve("a.jsonl"), lines);
        FileSlice slice = new FileSlice(file.toString(), 0, lines.length(), lines.length());
        try (RecordInput input = RecordInput.open(slice, new Configuration())) {
            assertThat(input.nextRecord()).isTrue();
            assertThat(input.nextRecord()).isTrue();
            assertThat(input.keptBytes()).hasSize(1 << 16).containsOnly('x');
            assertThat(input.nextRecord()).isTrue();
            assertThat(new String(input.readAllBytes(), StandardCharsets.UTF_8)).isEqualTo("last");
            assertThat(input.nextRecord()).isFalse();
        }
    }
}
