package io.sparkmoe.spark.trace;

import io.sparkmoe.spark.trace.InputFiles.InputFile;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.connector.read.InputPartition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Cuts files into slices and packs slices into tasks, by Spark's own settings for files
 * (spark.sql.files.maxPartitionBytes and openCostInBytes). Plain and bz2 files are cut, all others go whole.
 */
final class SlicePlanner {
    private static final Logger LOG = LoggerFactory.getLogger(SlicePlanner.class);
    private static final long LARGE = 1L << 30;

    private final Configuration conf;
    private final boolean mayCut;
    private final long maxBytes;
    private final long openCost;

    /** @param mayCut false where a whole file has to be seen by one task */
    SlicePlanner(Configuration conf, boolean mayCut, long maxBytes, long openCost) {
        this.conf = conf;
        this.mayCut = mayCut;
        this.maxBytes = Math.max(1, maxBytes);
        this.openCost = openCost;
    }

    /** Spark's split size: no larger than a core's share, no smaller than what opening a file costs. */
    static long splitBytes(List<InputFile> files, long maxPartitionBytes, long openCost, int cores) {
        long total = files.stream().mapToLong(f -> f.bytes() + openCost).sum();
        return Math.min(maxPartitionBytes, Math.max(openCost, total / Math.max(1, cores)));
    }

    InputPartition[] plan(List<InputFile> files) {
        List<InputPartition> tasks = new ArrayList<>();
        List<FileSlice> open = new ArrayList<>();
        long weight = 0;
        for (InputFile file : files) {
            for (FileSlice slice : slices(file)) {
                if (!open.isEmpty() && weight + slice.length() > maxBytes) {
                    tasks.add(new SlicePartition(List.copyOf(open)));
                    open.clear();
                    weight = 0;
                }
                open.add(slice);
                weight += slice.length() + openCost;
            }
        }
        if (!open.isEmpty()) {
            tasks.add(new SlicePartition(List.copyOf(open)));
        }
        return tasks.toArray(InputPartition[]::new);
    }

    private List<FileSlice> slices(InputFile file) {
        boolean splittable = CompressedInput.splittable(file.path(), conf);
        if (!splittable || !mayCut) {
            warnIfLarge(file, splittable);
            return List.of(new FileSlice(file.path(), 0, file.bytes(), file.bytes()));
        }
        List<FileSlice> slices = new ArrayList<>();
        long start = 0;
        do {
            long length = Math.min(maxBytes, file.bytes() - start);
            slices.add(new FileSlice(file.path(), start, length, file.bytes()));
            start += length;
        } while (start < file.bytes());
        return slices;
    }

    private static void warnIfLarge(InputFile file, boolean splittable) {
        if (file.bytes() > LARGE) {
            LOG.warn(
                    "{} holds {} bytes and is read by one task: {}.",
                    file.path(),
                    file.bytes(),
                    splittable
                            ? "without a layer list, dense layers can only be told from a whole file; give moeLayers or "
                                    + "a modelConfig to have it split"
                            : "its compression cannot be split; write plain or bz2 files, or several smaller ones");
        }
    }
}
