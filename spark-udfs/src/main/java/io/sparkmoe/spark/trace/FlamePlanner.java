package io.sparkmoe.spark.trace;

import io.sparkmoe.spark.trace.FlameFile.Group;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.apache.spark.sql.connector.read.InputPartition;
import org.apache.spark.sql.execution.datasources.FilePartition;
import org.apache.spark.sql.execution.datasources.PartitionedFile;
import org.jspecify.annotations.Nullable;

/**
 * Cuts iterations into tasks. A task reads the same tokens of every layer, whole blocks of them, about where the row groups
 * of the first layer begin; a block belongs to the task in which it begins.
 */
final class FlamePlanner {
    private final FlameScan scan;
    private final LayerFilter filter;
    private final List<String> columns;
    private final List<InputPartition> tasks = new ArrayList<>();

    FlamePlanner(FlameScan scan, LayerFilter filter) {
        this.scan = scan;
        this.filter = filter;
        this.columns = scan.layerColumns();
    }

    /**
     * The tasks, of about as many bytes as Spark's own.
     *
     * @throws TraceFormatException for the first file that cannot be used, unless such files are to be marked
     */
    InputPartition[] plan(long maxPartitionBytes, long openCost, int cores) {
        long total = scan.iterations().stream().mapToLong(i -> bytes(layers(i))).sum();
        long split = Math.min(maxPartitionBytes, Math.max(openCost, total / Math.max(1, cores)));
        for (FlameRecording.Iteration iteration : scan.iterations()) {
            BadRecord samples = scan.samples() == null ? null : scan.samples().fault(iteration.rows());
            List<FlamePartition.Bad> bad = bad(iteration, samples);
            if (!bad.isEmpty()) {
                tasks.add(new FlamePartition(iteration.number(), iteration.folder(), 0, 0, List.of(), null, bad));
            }
            cut(iteration, scan.wantsTokens() && samples == null, split);
        }
        return tasks.toArray(InputPartition[]::new);
    }

    private NavigableMap<Integer, FlameFile> layers(FlameRecording.Iteration iteration) {
        TreeMap<Integer, FlameFile> out = new TreeMap<>(iteration.layers());
        out.keySet().removeIf(layer -> !filter.test(layer));
        return out;
    }

    private List<FlamePartition.Bad> bad(FlameRecording.Iteration iteration, @Nullable BadRecord samples) {
        TreeMap<Integer, BadRecord> found = new TreeMap<>(iteration.bad());
        found.keySet().removeIf(layer -> !filter.test(layer));
        if (samples != null) {
            found.put(-1, samples);
        }
        if (!found.isEmpty() && !scan.options().markBad()) {
            throw new TraceFormatException(found.firstEntry().getValue().message());
        }
        return found.entrySet().stream()
                .map(e -> FlamePartition.Bad.of(e.getKey(), e.getValue()))
                .toList();
    }

    private long bytes(Map<Integer, FlameFile> layers) {
        return layers.values().stream()
                .flatMap(f -> f.groups().stream())
                .mapToLong(g -> g.bytesOf(columns))
                .sum();
    }

    private void cut(FlameRecording.Iteration iteration, boolean tokens, long split) {
        NavigableMap<Integer, FlameFile> layers = layers(iteration);
        if (layers.isEmpty()) {
            return;
        }
        double bytesPerRow = (double) bytes(layers) / Math.max(1, iteration.rows());
        long first = 0;
        double weight = 0;
        for (Group group : layers.firstEntry().getValue().groups()) {
            weight += group.rows() * bytesPerRow;
            boolean last = group.endRow() == iteration.rows();
            long end = last ? iteration.rows() : blockStart(group.endRow());
            if ((last || weight >= split) && end > first) {
                tasks.add(task(iteration, layers, first, end, tokens));
                first = end;
                weight = 0;
            }
        }
    }

    /** The first block that begins at or after a row. */
    private long blockStart(long row) {
        long block = scan.options().maxTokensPerRow();
        return (row + block - 1) / block * block;
    }

    private FlamePartition task(
            FlameRecording.Iteration iteration, Map<Integer, FlameFile> layers, long first, long end, boolean tokens) {
        long until = Math.min(end, iteration.rows());
        List<FlamePartition.Layer> read = new ArrayList<>();
        for (Map.Entry<Integer, FlameFile> e : layers.entrySet()) {
            FlamePartition.Rows rows = columns.isEmpty() ? null : rows(List.of(e.getValue()), first, until);
            read.add(new FlamePartition.Layer(e.getKey(), rows));
        }
        return new FlamePartition(
                iteration.number(),
                iteration.folder(),
                first,
                until,
                read,
                tokens ? rows(scan.samples().files(), first, until) : null,
                List.of());
    }

    /** The row groups that hold rows [first, end) of files laid end to end. */
    private static FlamePartition.Rows rows(List<FlameFile> files, long first, long end) {
        List<PartitionedFile> parts = new ArrayList<>();
        long skip = -1;
        long base = 0;
        for (FlameFile file : files) {
            List<Group> groups = file.overlapping(first - base, end - base);
            if (!groups.isEmpty()) {
                Group from = groups.get(0);
                Group to = groups.get(groups.size() - 1);
                skip = skip < 0 ? first - base - from.firstRow() : skip;
                parts.add(ParquetRows.part(
                        file.file().path(), from.start(), to.end(), file.file().bytes()));
            }
            base += file.rows();
        }
        String name = files.get(0).file().path();
        return new FlamePartition.Rows(
                name, new FilePartition(0, parts.toArray(PartitionedFile[]::new)), Math.max(0, skip));
    }
}
