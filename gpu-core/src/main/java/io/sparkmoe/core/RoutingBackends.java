package io.sparkmoe.core;

import io.sparkmoe.core.cpu.CpuRoutingBackend;
import io.sparkmoe.core.cuda.CudaRoutingBackend;
import io.sparkmoe.core.cuda.driver.CudaException;
import io.sparkmoe.core.cuda.driver.CudaUnavailableException;
import io.sparkmoe.core.routing.DeviceSettings;
import io.sparkmoe.core.routing.RoutingBackend;
import java.util.List;

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

    private RoutingBackends() {}

    /**
     * Opens a backend with the default use of the device.
     *
     * @throws IllegalStateException when {@code CUDA} is requested strictly and cannot be had
     */
    public static Choice open(Request request, boolean strict) {
        return open(request, strict, DeviceSettings.DEFAULTS);
    }

    /**
     * Opens a backend.
     *
     * @throws IllegalStateException when {@code CUDA} is requested strictly and cannot be had
     */
    public static Choice open(Request request, boolean strict, DeviceSettings settings) {
        if (request == Request.CPU) {
            return new Choice(new CpuRoutingBackend(), "cpu was requested");
        }
        CpuRoutingBackend cpu = new CpuRoutingBackend();
        try {
            CudaRoutingBackend cuda = CudaRoutingBackend.open(settings, cpu);
            return new Choice(cuda, (request == Request.CUDA ? "cuda was requested: " : "auto: ") + cuda.device());
        } catch (CudaUnavailableException | CudaException e) {
            // Also a driver that refuses the device: another process may hold it exclusively, or all of its memory.
            if (strict && request == Request.CUDA) {
                cpu.close();
                throw new IllegalStateException(
                        "spark.moe.backend=cuda cannot be had: " + e.getMessage()
                                + ". Set spark.moe.backend=auto or spark.moe.backend.strict=false.",
                        e);
            }
            String asked = request == Request.CUDA ? "cuda was requested, but " : "auto: ";
            return new Choice(cpu, asked + e.getMessage());
        }
    }

    /**
     * The driver and the GPUs that this process could use, a line each; where there are none, why.
     *
     * @param settings says where the native library goes
     */
    public static List<String> devices(DeviceSettings settings) {
        return CudaRoutingBackend.describe(settings);
    }
}
