package io.sparkmoe.core;

import io.sparkmoe.core.cpu.CpuRoutingBackend;
import io.sparkmoe.core.routing.RoutingBackend;

/** The front door: from a requested backend to the one that runs, and the reason for it. */
public final class RoutingBackends {
    /** What a caller asks for. */
    public enum Request {
        AUTO,
        CUDA,
        CPU;

        /**
         * Parses {@code auto}, {@code cuda} or {@code cpu}.
         *
         * @throws IllegalArgumentException naming the allowed values
         */
        public static Request parse(String value) {
            for (Request r : values()) {
                if (r.name().equalsIgnoreCase(value)) {
                    return r;
                }
            }
            throw new IllegalArgumentException("spark.moe.backend is auto, cuda or cpu, got '" + value + "'");
        }
    }

    /**
     * A backend and why it was chosen.
     *
     * @param reason one sentence for a log line
     */
    public record Choice(RoutingBackend backend, String reason) {}

    private static final String NO_CUDA = "this build has no CUDA backend";

    private RoutingBackends() {}

    /**
     * Opens a backend.
     *
     * @throws IllegalStateException when {@code CUDA} is requested strictly and cannot be had
     */
    public static Choice open(Request request, boolean strict) {
        return switch (request) {
            case CPU -> new Choice(new CpuRoutingBackend(), "cpu was requested");
            case AUTO -> new Choice(new CpuRoutingBackend(), "auto: " + NO_CUDA);
            case CUDA -> {
                if (strict) {
                    throw new IllegalStateException("spark.moe.backend=cuda cannot be had: " + NO_CUDA
                            + ". Set spark.moe.backend=auto or spark.moe.backend.strict=false.");
                }
                yield new Choice(new CpuRoutingBackend(), "cuda was requested, but " + NO_CUDA);
            }
        };
    }
}
