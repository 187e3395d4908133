package io.sparkmoe.core.cuda;

import io.sparkmoe.core.reorder.ScaleMode;
import io.sparkmoe.core.reorder.TensorBatch;
import org.jspecify.annotations.Nullable;

/**
 * Scales on the device: fp32 lists and their int64 offsets.
 *
 * @param lists one a segment, or one for all
 */
record DeviceScales(long values, long offsets, int lists, int count, ScaleMode mode) {
    /** Those of the segments [from, to), or the one list of all. */
    static DeviceScales upload(@Nullable TensorBatch scales, ScaleMode mode, int from, int to, Lane lane) {
        if (scales == null) {
            return new DeviceScales(0, 0, 0, 0, ScaleMode.NONE);
        }
        TensorBatch part = scales.segments() == 1 ? scales : scales.slice(from, to);
        long[] offsets = new long[part.segments() + 1];
        for (int s = 0; s < offsets.length; s++) {
            offsets[s] = part.start(s) - part.start(0);
        }
        long count = part.totalElements();
        return new DeviceScales(
                lane.upload(part.address(0), Float.BYTES * count),
                lane.upload(offsets),
                part.segments(),
                (int) Math.min(count, Integer.MAX_VALUE),
                mode);
    }

    boolean any() {
        return mode != ScaleMode.NONE;
    }
}
