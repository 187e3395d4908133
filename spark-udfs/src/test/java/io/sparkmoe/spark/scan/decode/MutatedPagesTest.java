package io.sparkmoe.spark.scan.decode;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.parquet.column.ParquetProperties.WriterVersion;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.metadata.ColumnChunkMetaData;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.hadoop.metadata.ParquetMetadata;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Pages with bytes changed at random: what is read is what parquet-java reads from the same bytes, or the error names file,
 * column, row group and page. {@code -Dfuzz.mutations=10000000} for a long run; the seed of a failure is in its message.
 */
final class MutatedPagesTest {
    /** Above what the largest honest piece of these files takes: a page that asks for more is caught here. */
    private static final long MEMORY = 16 << 20;

    private static final int MUTATIONS = Integer.getInteger("fuzz.mutations", 3_000);

    @TempDir
    Path folder;

    private int read;
    private int refused;

    /** A file, its footer, and where its column chunks lie. */
    private record Sample(IdFile recipe, byte[] bytes, ParquetMetadata footer) {}

    private static List<IdFile> recipes() {
        List<IdFile> all = new ArrayList<>();
        for (CompressionCodecName codec : List.of(
                CompressionCodecName.UNCOMPRESSED,
                CompressionCodecName.UNCOMPRESSED,
                CompressionCodecName.SNAPPY,
                CompressionCodecName.LZ4_RAW,
                CompressionCodecName.ZSTD,
                CompressionCodecName.GZIP)) {
            for (WriterVersion version : WriterVersion.values()) {
                all.add(new IdFile(codec, version, true, 512, 300, 0, 0, 200, 4, ""));
                all.add(new IdFile(codec, version, true, 512, 300, 6, 0, 64, 0, ""));
            }
            all.add(new IdFile(codec, WriterVersion.PARQUET_1_0, true, 512, 300, 0, 0, 400, 0, ""));
            all.add(new IdFile(codec, WriterVersion.PARQUET_1_0, false, 512, 200, 0, 0, 200, 4, ""));
        }
        return all;
    }

    private Sample sample(IdFile recipe) throws IOException {
        Path file = folder.resolve("sample.parquet");
        recipe.write(file);
        byte[] bytes = Files.readAllBytes(file);
        try (ParquetFileReader reader = ParquetFileReader.open(new InMemoryFile(bytes))) {
            return new Sample(recipe, bytes, reader.getFooter());
        }
    }

    @Test
    void aRightAnswerOrAnErrorThatNamesThePage() throws IOException {
        List<Sample> samples = new ArrayList<>();
        for (IdFile recipe : recipes()) {
            samples.add(sample(recipe));
        }
        for (int seed = 0; seed < MUTATIONS; seed++) {
            mutate(samples.get(seed % samples.size()), seed);
        }
        assertThat(read).as("mutations that were read").isGreaterThan(MUTATIONS / 20);
        assertThat(refused).as("mutations that were refused").isGreaterThan(MUTATIONS / 20);
    }

    private void mutate(Sample sample, int seed) throws IOException {
        byte[] bytes = sample.bytes.clone();
        SplittableRandom random = new SplittableRandom(seed);
        ColumnChunkMetaData chunk = sample.footer
                .getBlocks()
                .get(random.nextInt(sample.footer.getBlocks().size()))
                .getColumns()
                .get(0);
        for (int n = random.nextInt(1, 4); n > 0; n--) {
            int at = (int) (chunk.getStartingPos() + random.nextLong(chunk.getTotalSize()));
            bytes[at] = switch (random.nextInt(3)) {
                case 0 -> (byte) (bytes[at] ^ 1 << random.nextInt(8));
                case 1 -> (byte) random.nextInt(256);
                default -> (byte) (random.nextBoolean() ? 0xff : 0x7f);
            };
        }
        List<List<Integer>> ids;
        InMemoryFile file = new InMemoryFile(bytes);
        try (BufferAllocator allocator = new RootAllocator(MEMORY)) {
            ids = IdLists.decoded(file, sample.footer, false, 1 << 20, 1 << 16, allocator);
        } catch (MalformedParquetException e) {
            assertThat(e.getMessage())
                    .as("seed %d", seed)
                    .startsWith("test.parquet, column topk_ids.list.element, row group ")
                    .containsPattern("page \\d+: ");
            refused++;
            return;
        } catch (RuntimeException | Error e) {
            throw new AssertionError("seed " + seed + " of " + sample.recipe, e);
        }
        read++;
        compare(ids, file, sample, seed);
    }

    /** parquet-java refuses some of what does not matter to the ids, such as statistics of a page. */
    private static void compare(List<List<Integer>> ids, InMemoryFile file, Sample sample, int seed) {
        List<List<Integer>> wanted;
        try {
            wanted = IdLists.byParquetJava(file);
        } catch (RuntimeException | IOException e) {
            return;
        }
        assertThat(ids).as("seed %d of %s", seed, sample.recipe).isEqualTo(wanted);
    }
}
