package io.sparkmoe.spark.jobs.compare;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.unsafe.types.UTF8String;
import org.jspecify.annotations.Nullable;

/**
 * Walks outlines, sequence by sequence and in each side by side, layer by layer, ascending in position. It holds the ranges
 * of one sequence; rows that continue one another take no room.
 */
final class LineupWalk {
    private static final int LEFT = 0;
    private static final int RIGHT = 1;

    /** One side's recording of the sequence at hand. */
    private static final class Recording {
        private final TreeMap<Integer, Spans> layers = new TreeMap<>();
        private boolean duplicate;

        Spans positions() {
            return layers.values().stream().reduce(new Spans(), Spans::or);
        }

        Spans at(int layer) {
            return layers.getOrDefault(layer, new Spans());
        }
    }

    private final LineupTotals out = new LineupTotals();
    private final Consumer<UTF8String> duplicates;
    private Recording left = new Recording();
    private Recording right = new Recording();
    private @Nullable UTF8String sequence;

    /** @param duplicates is told the sequences that one side has twice */
    LineupWalk(Consumer<UTF8String> duplicates) {
        this.duplicates = duplicates;
    }

    /** A row of {@link Lineup#plan}. */
    void row(InternalRow row) {
        if (sequence == null || !sequence.equals(row.getUTF8String(0))) {
            endSequence();
            sequence = row.getUTF8String(0).copy();
        }
        int side = row.getBoolean(1) ? RIGHT : LEFT;
        Recording recording = side == RIGHT ? right : left;
        int layer = row.getInt(2);
        int first = row.getInt(3);
        out.layer(side, layer);
        out.textRows[side] += row.getBoolean(5) ? 1 : 0;
        out.unorderedRows[side] += row.getBoolean(6) ? 0 : 1;
        recording.duplicate |= recording
                .layers
                .computeIfAbsent(layer, l -> new Spans())
                .add(first, Math.addExact(first, row.getInt(4)));
    }

    private void endSequence() {
        if (sequence == null) {
            return;
        }
        Spans onLeft = left.positions();
        Spans onRight = right.positions();
        if (onLeft.count() == 0) {
            out.leftOut(LeftOut.REQUEST_MISSING_LEFT, 1, onRight.count());
        } else if (onRight.count() == 0) {
            out.leftOut(LeftOut.REQUEST_MISSING_RIGHT, 1, onLeft.count());
        } else if (left.duplicate || right.duplicate) {
            duplicates.accept(sequence);
            out.leftOut(LeftOut.DUPLICATE_LEFT, 1, left.duplicate ? onLeft.count() : 0);
            out.leftOut(LeftOut.DUPLICATE_RIGHT, 1, right.duplicate ? onRight.count() : 0);
        } else {
            out.leftOut(LeftOut.POSITION_MISSING_LEFT, 1, onRight.minus(onLeft).count());
            out.leftOut(LeftOut.POSITION_MISSING_RIGHT, 1, onLeft.minus(onRight).count());
            Spans both = onLeft.and(onRight);
            out.leftOut(LeftOut.LAYER_MISSING_LEFT, 1, lacking(left, right, both));
            out.leftOut(LeftOut.LAYER_MISSING_RIGHT, 1, lacking(right, left, both));
        }
        left = new Recording();
        right = new Recording();
    }

    /** Of {@code positions}, those at which {@code one} lacks a layer that {@code other} has there. */
    private static long lacking(Recording one, Recording other, Spans positions) {
        Spans lacking = new Spans();
        for (Map.Entry<Integer, Spans> layer : other.layers.entrySet()) {
            lacking = lacking.or(layer.getValue().minus(one.at(layer.getKey())));
        }
        return lacking.and(positions).count();
    }

    /** What the partition holds. */
    List<LineupTotals> end() {
        endSequence();
        return List.of(out);
    }
}
