package io.sparkmoe.core.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.sparkmoe.core.cuda.driver.LaunchConfig;
import io.sparkmoe.core.routing.IdType;
import io.sparkmoe.core.routing.RoutingBatch;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.apache.arrow.memory.util.MemoryUtil;
import org.junit.jupiter.api.Test;

/**
 * Launch configurations of the launchers, as data for the C++ drivers in src/test/cuda, which refuse to run where theirs
 * are others. {@code -Dlaunches.write=true} writes the table anew.
 */
class LaunchTableTest {
    private static final Path TABLE = Path.of("src", "test", "cuda", "launch_table.hpp");
    private static final int MULTIPROCESSORS = 132;
    private static final int SHARED = 227 << 10;

    @Test
    void driversLaunchAsTheLaunchersDo() throws IOException {
        assumeTrue(Files.exists(TABLE), "the sources are not here");
        String table = table();
        if (Boolean.getBoolean("launches.write")) {
            Files.writeString(TABLE, table);
        }
        assertThat(Files.readString(TABLE))
                .as("write %s anew with -Dlaunches.write=true", TABLE)
                .isEqualTo(table);
    }

    private static String table() {
        StringBuilder out = new StringBuilder("""
                // Written by LaunchTableTest: what the launchers choose on a device of 132 multiprocessors with 227 KiB of shared
                // memory a block. align: length bins block_size kernel blocks threads shared, of one segment; large: chunk_ids
                // chunks and the writing kernels for it; span: segments value; cached: experts slots value; shares: ids segments
                // resident value; regions: experts any, regions cells copies shared blocks for 100,000 tokens; product: layers
                // experts, tiles words parts for as many.
                #pragma once

                inline const char* LAUNCH_TABLE = R"(
                """);
        for (int length : new int[] {1, 512, 1024, 1025, 8192, 8193, 32_767, 32_768, 524_288, 8_388_608, 16_777_216}) {
            for (int bins : new int[] {1, 64, 128, 129, 256, 257, 512, 513, 1025}) {
                lone(out, length, bins, length % 2 == 0 ? 64 : 7);
            }
        }
        for (int segments : new int[] {1, 8447, 8448, 10_000, 100_000, 1_000_000}) {
            line(out, "span", segments, CountingShapes.span(segments, MULTIPROCESSORS));
            int blocks =
                    CountingShapes.shares(8L * segments, segments, 512, 0, 528).gridX();
            line(out, "shares", 8L * segments, segments, 528, blocks);
        }
        for (int experts : new int[] {1, 256, 1024}) {
            for (int slots : new int[] {1, 2, 58, 1_000_000}) {
                line(out, "cached", experts, slots, CountingShapes.cachedSlots(experts, slots, SHARED));
            }
        }
        analyses(out);
        return out.append(")\";\n").toString();
    }

    private static void analyses(StringBuilder out) {
        for (int experts : new int[] {1, 64, 256, 339, 340, 512, 1000, 1024}) {
            for (int any = 0; any < 2; any++) {
                int[] rows = CoactivationShapes.rows(experts, any == 1, SHARED);
                int largest = CoactivationShapes.largest(rows, experts);
                int copies = CoactivationShapes.copies(rows, experts, any == 1, SHARED);
                int shared = CoactivationShapes.sharedBytes(largest, copies, experts, any == 1);
                int blocks = CoactivationShapes.blocks(100_000, rows.length - 1, MULTIPROCESSORS);
                line(out, "regions", experts, any, rows.length - 1, largest, copies, shared, blocks);
            }
        }
        for (int layers : new int[] {2, 5, 58}) {
            for (int experts : new int[] {60, 64, 256, 1024}) {
                boolean[][] all = new boolean[layers][layers];
                for (int x = 0; x < layers; x++) {
                    Arrays.fill(all[x], x + 1, layers, true);
                }
                int tiles = TransitionShapes.tiles(all, experts).length / 2;
                int words = TransitionShapes.words(100_000);
                int parts =
                        TransitionShapes.product(tiles, words, MULTIPROCESSORS).gridY();
                line(out, "product", layers, experts, tiles, words, parts);
            }
        }
    }

    private static void lone(StringBuilder out, int length, int bins, int blockSize) {
        AlignAlone alone = AlignAlone.of(length, blockSize, bins, SHARED, true);
        if (alone != null) {
            line(out, "align", length, bins, blockSize, alone.kernel(), text(alone.config()));
            return;
        }
        ByteBuffer offsets = ByteBuffer.allocateDirect(8).order(ByteOrder.nativeOrder());
        offsets.putInt(4, length);
        RoutingBatch batch = new RoutingBatch(IdType.INT32, 1, MemoryUtil.getByteBufferAddress(offsets), 0, 0);
        LargePlan plan = LargePlan.of(batch, bins, MULTIPROCESSORS, SHARED);
        if (!plan.any()) {
            return;
        }
        LargeSegments large = new LargeSegments(plan, true, length, 0, 0, 0, 0, 0);
        line(out, "large", length, bins, plan.chunkIds(), plan.chunks());
        line(out, "write", length, bins, "large_write" + large.writeVariant(bins), text(large.writeConfig(bins)));
        line(out, "ep", length, bins, "ep_large" + large.variant(bins), text(large.config(bins)));
    }

    private static String text(LaunchConfig config) {
        return config.gridX() + " " + config.blockX() + " " + config.sharedBytes();
    }

    private static void line(StringBuilder out, Object... words) {
        for (int i = 0; i < words.length; i++) {
            out.append(i == 0 ? "" : " ").append(words[i]);
        }
        out.append('\n');
    }
}
