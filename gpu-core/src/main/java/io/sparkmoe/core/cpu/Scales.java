package io.sparkmoe.core.cpu;

import io.sparkmoe.core.reorder.TensorBatch;
import org.jspecify.annotations.Nullable;

/** The reciprocals of a batch's scales: a list a segment, or one for all. */
final class Scales {
    private final @Nullable TensorBatch scales;

    Scales(@Nullable TensorBatch scales) {
        this.scales = scales;
    }

    /** 1 / scale i of segment s, in fp32; 1 where there are no scales. */
    float reciprocal(int s, int i) {
        return scales == null ? 1 : 1 / scales.value(scales.start(scales.segments() == 1 ? 0 : s) + i);
    }
}
