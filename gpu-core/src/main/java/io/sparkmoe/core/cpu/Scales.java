package io.sparkmoe.core.cpu;

import io.sparkmoe.core.reorder.ExpertRange;
import io.sparkmoe.core.reorder.TensorBatch;
import io.sparkmoe.core.routing.MalformedRoutingException;
import org.jspecify.annotations.Nullable;

/** The reciprocals of a batch's scales: a list a segment, or one for all. */
final class Scales {
    private final @Nullable TensorBatch scales;
    private final ExpertRange experts;
    private final long firstRow;

    /**
     * @param firstRow number of the activations' first segment, for messages
     */
    Scales(@Nullable TensorBatch scales, ExpertRange experts, long firstRow) {
        this.scales = scales;
        this.experts = experts;
        this.firstRow = firstRow;
    }

    /** 1 / scale i of segment s, in fp32; 1 where there are no scales. */
    float reciprocal(int s, int i) {
        return scales == null ? 1 : 1 / scales.value(scales.start(list(scales, s)) + i);
    }

    /** As {@link #reciprocal}, of the expert that a slot names; a range without an end was not checked before. */
    float ofExpert(int s, int slot, int id) {
        int i = id - experts.start();
        if (scales != null && i >= scales.elements(list(scales, s))) {
            long row = firstRow + s;
            throw new MalformedRoutingException(
                    row,
                    slot,
                    String.format(
                            "row %d, position %d: expert id %d has no scale: there are %d, from start_expert %d on. Pass a "
                                    + "scale for every expert, or end_expert.",
                            row, slot, id, scales.elements(list(scales, s)), experts.start()));
        }
        return reciprocal(s, i);
    }

    private static int list(TensorBatch scales, int s) {
        return scales.segments() == 1 ? 0 : s;
    }
}
