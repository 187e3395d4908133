package io.sparkmoe.core.cuda;

import io.sparkmoe.core.reorder.Arithmetic;
import io.sparkmoe.core.reorder.ScaleMode;
import io.sparkmoe.core.reorder.Scoring;

/** The reorder options' numbers in the kernels. */
final class KernelCodes {
    private KernelCodes() {}

    static int of(ScaleMode mode) {
        return switch (mode) {
            case NONE -> 0;
            case PER_EXPERT -> 1;
            case PER_TOKEN -> 2;
            case SCALAR -> 3;
        };
    }

    static int of(Arithmetic arithmetic) {
        return switch (arithmetic) {
            case FP32 -> 0;
            case W16 -> 1;
            case FMA16 -> 2;
            case FMA16_SCALED -> 3;
        };
    }

    static int of(Scoring scoring) {
        return switch (scoring) {
            case SOFTMAX -> 0;
            case SIGMOID -> 1;
        };
    }
}
