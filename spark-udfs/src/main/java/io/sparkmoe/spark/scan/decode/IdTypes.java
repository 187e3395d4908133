package io.sparkmoe.spark.scan.decode;

import io.sparkmoe.core.routing.IdType;

/** Which type of memory holds which ids. */
final class IdTypes {
    private IdTypes() {}

    /** The narrowest unsigned type for ids of a range, or int32; masked where -1 or NULL occurs. */
    static IdType fitting(int min, int max, boolean nulls) {
        if (min < -1) {
            return IdType.INT32;
        }
        boolean masked = min == -1 || nulls;
        if (max <= (masked ? IdType.UINT8_MASKED : IdType.UINT8).maxId()) {
            return masked ? IdType.UINT8_MASKED : IdType.UINT8;
        }
        if (max <= (masked ? IdType.UINT16_MASKED : IdType.UINT16).maxId()) {
            return masked ? IdType.UINT16_MASKED : IdType.UINT16;
        }
        return IdType.INT32;
    }

    /** The type that holds what both ranges of ids need. */
    static IdType common(IdType a, int largestA, IdType b, int largestB) {
        if (a == IdType.INT32 || b == IdType.INT32) {
            return IdType.INT32;
        }
        return fitting(a.masks() || b.masks() ? -1 : 0, Math.max(largestA, largestB), false);
    }
}
