package io.sparkmoe.spark.jobs;

import io.sparkmoe.core.analysis.TransitionOptions;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * How a request is run over a recording: in how many reads, with how large splits, and what it costs.
 *
 * @param reads reads of the trace: one, unless the sums of all layers or layer pairs do not fit a task's memory
 * @param taskMemory bound of a task's sums, bytes
 * @param splitBytes least bytes of a task, so that partials stay small beside the input; 0 leaves it to Spark
 */
record ScanPlan(List<Line> lines, int reads, long taskMemory, long splitBytes, TraceShape shape, int cores) {
    private static final String COACTIVATION = "coactivation";
    private static final String TRANSITIONS = "transitions";

    /** Shuffled partials stay below this share of the input. */
    private static final int INPUT_PER_PARTIAL = 10;

    /** Merged sums of one reducer. */
    private static final long REDUCER_BYTES = 32L << 20;

    /** Input bytes of a task of decode rows. */
    private static final long ROW_BYTES = 64L << 20;

    /**
     * One analysis.
     *
     * @param keys layers, layer pairs and so on: rows of sums
     * @param stateBytes that the sums of all keys take in a task
     * @param partialBytes about what a task sends
     */
    record Line(String analysis, long keys, long stateBytes, long partialBytes) {}

    static ScanPlan of(ScanRequest request, TraceShape shape, long taskMemory, int cores) {
        List<Line> lines = new ArrayList<>();
        addSums(lines, request, shape, Math.max(1, shape.tokens() / Math.max(1, cores)));
        long fixed = lines.stream().mapToLong(Line::stateBytes).sum();
        List<Line> matrices = matrices(request, shape, Math.max(1, shape.tokens() / Math.max(1, cores)));
        lines.addAll(matrices);
        long room = Math.max(taskMemory - fixed, taskMemory / 4);
        long most = matrices.stream().mapToLong(Line::keys).max().orElse(1);
        long reads = (matrices.stream().mapToLong(Line::stateBytes).sum() + room - 1) / Math.max(1, room);
        long partial = lines.stream().mapToLong(Line::partialBytes).sum();
        return new ScanPlan(
                lines,
                (int) Math.max(1, Math.min(reads, most)),
                taskMemory,
                splitBytes(shape, partial, cores),
                shape,
                cores);
    }

    /** What every task holds whole. */
    private static void addSums(List<Line> lines, ScanRequest request, TraceShape shape, long tokens) {
        long experts = shape.numExperts();
        lines.add(line("load", shape.layers(), experts, 16 * experts, tokens * shape.topk()));
        if (request.windows() > 0) {
            long keys = (long) request.windows() * shape.layers();
            lines.add(line("windows", keys, experts, 8 * experts, tokens * shape.topk() / request.windows()));
        }
        if (request.passes() != null) {
            long keys = 2L * shape.layers() * request.passes().tokensPerPass().size();
            lines.add(line("passes", keys, 16, 16 * experts, tokens));
        }
    }

    /** What can be cut into parts: E x E counts a layer or layer pair. */
    private static List<Line> matrices(ScanRequest request, TraceShape shape, long tokens) {
        List<Line> out = new ArrayList<>();
        long experts = shape.numExperts();
        long k = shape.topk();
        long cells = experts * experts;
        if (request.wantsCoactivation()) {
            out.add(line(COACTIVATION, shape.layers(), cells / 2 + experts, 4 * cells, tokens * k * (k + 1) / 2));
        }
        if (request.lag() != null) {
            out.add(line(TRANSITIONS, pairs(shape.layers(), request.lag()), cells, 4 * cells, tokens * k * k));
        }
        return out;
    }

    private static Line line(String name, long keys, long cells, long stateBytes, long updates) {
        return new Line(name, keys, keys * stateBytes, keys * (64 + compact(cells, updates)));
    }

    /** Layer pairs of so many layers. */
    static long pairs(long layers, int lag) {
        return lag == TransitionOptions.ALL_PAIRS ? layers * (layers - 1) / 2 : Math.max(0, layers - lag);
    }

    /** About the bytes of a row of sums: 7 bits of a sum in a byte, sums of few updates mostly zeros, which cost nothing. */
    private static long compact(long cells, long updates) {
        if (updates < cells) {
            return Math.min(cells, 3 * updates);
        }
        int bits = 64 - Long.numberOfLeadingZeros(2 * updates / cells);
        return cells * ((bits + 6) / 7);
    }

    /** Splits so large that there are no more partials than a tenth of the input, unless the cores need them. */
    private static long splitBytes(TraceShape shape, long partial, int cores) {
        long tasks = Math.max(cores, shape.bytes() / INPUT_PER_PARTIAL / Math.max(1, partial));
        return shape.bytes() / Math.max(1, tasks);
    }

    /** From how many bytes of sums on a task emits early: only where there is more than was planned for. */
    long stateBytes() {
        return Math.max(
                taskMemory, 2 * lines.stream().mapToLong(Line::stateBytes).sum() / reads);
    }

    /** Tasks that add partials up. */
    int reducers() {
        long merged = lines.stream().mapToLong(l -> 2 * l.stateBytes).sum() / reads;
        return (int) Math.max(1, Math.min(4L * cores, merged / REDUCER_BYTES));
    }

    /** Tasks that decode rows are spread over: few enough bytes each for a sort in memory. */
    int rowTasks() {
        return (int) Math.max(1, Math.min(Short.MAX_VALUE, shape.bytes() / ROW_BYTES));
    }

    /** What {@code tasks} of a read shuffle. */
    long shuffleBytes(long tasks) {
        return tasks * lines.stream().mapToLong(Line::partialBytes).sum();
    }

    /** Prints what a run would do. {@code tasks} read the trace, each time. */
    void print(Trace trace, ScanRequest request, int tasks, PrintWriter out) {
        line(
                out,
                "Input",
                Words.count(trace.files().size()) + " files, " + Words.bytes(shape.bytes()) + ", as "
                        + trace.recorder());
        line(out, "Model", shape.layers() + " MoE layers, " + shape.numExperts() + " experts, top-" + shape.topk());
        line(
                out,
                "Reads",
                reads + (reads == 1 ? " read of the trace" : " reads, for a part of the layers each")
                        + ", the audit included, after a look at the first rows");
        line(out, "Tasks", tasks + " a read on " + cores + " cores, then " + reducers() + " that add up");
        line(out, "Memory", Words.bytes(taskMemory) + " bound a task's sums; beyond it partials go out early");
        out.println();
        out.printf(
                Locale.ROOT,
                "%-14s %10s %14s %16s %14s%n",
                "analysis",
                "keys",
                "sums a task",
                "partials a task",
                "shuffle");
        for (Line l : lines) {
            boolean inParts = l.analysis().equals(COACTIVATION) || l.analysis().equals(TRANSITIONS);
            long parts = inParts ? reads : 1;
            out.printf(
                    Locale.ROOT,
                    "%-14s %10s %14s %16s %14s%n",
                    l.analysis(),
                    Words.count(l.keys()),
                    Words.bytes(l.stateBytes() / parts),
                    Words.bytes(l.partialBytes() / parts),
                    Words.bytes(tasks * l.partialBytes()));
        }
        out.println();
        long shuffle = shuffleBytes(tasks);
        line(
                out,
                "Shuffle",
                "about " + Words.bytes(shuffle) + ", " + Words.percent((double) shuffle / Math.max(1, shape.bytes()))
                        + " of the input");
        if (request.passes() != null && !request.passes().tokensPerPass().equals(List.of(1))) {
            line(out, "", "and the ids of decode tokens, packed, twice: their passes mix sequences of all tasks");
        }
        out.flush();
    }

    private static void line(PrintWriter out, String name, String value) {
        out.printf(Locale.ROOT, "%-10s %s%n", name, value);
    }
}
