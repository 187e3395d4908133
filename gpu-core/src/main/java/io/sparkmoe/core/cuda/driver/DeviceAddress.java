package io.sparkmoe.core.cuda.driver;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Finds the device that a resource manager means: its addresses are nvidia-smi's, which are not CUDA's ordinals. */
final class DeviceAddress {
    static final String VISIBLE_DEVICES = "CUDA_VISIBLE_DEVICES";

    /** One folder a GPU of the machine (or the container), named by PCI address; there on Linux with NVIDIA's driver. */
    private static final Path SYSTEM_GPUS = Path.of("/proc/driver/nvidia/gpus");

    private DeviceAddress() {}

    static CudaDevice find(String address, List<CudaDevice> devices) {
        return find(address, devices, systemBusIds(SYSTEM_GPUS), System.getenv(VISIBLE_DEVICES));
    }

    /**
     * Finds a device.
     *
     * @param systemBusIds PCI addresses of all GPUs of the machine, those hidden from this process too; may be empty
     * @param visible the value of CUDA_VISIBLE_DEVICES, or null
     */
    static CudaDevice find(
            String address, List<CudaDevice> devices, Collection<String> systemBusIds, @Nullable String visible) {
        String wanted = address.strip();
        CudaDevice found;
        if (!wanted.isEmpty() && wanted.length() <= 9 && wanted.chars().allMatch(c -> c >= '0' && c <= '9')) {
            found = byIndex(Integer.parseInt(wanted), devices, systemBusIds);
        } else {
            found = byUuid(wanted, devices, visible);
        }
        if (found == null) {
            throw unknown("GPU address '" + address + "'", devices);
        }
        return found;
    }

    static IllegalArgumentException unknown(String wanted, List<CudaDevice> devices) {
        String there = devices.stream().map(CudaDevice::toString).collect(Collectors.joining("; "));
        return new IllegalArgumentException(wanted + " is none of the devices that this process sees ("
                + (there.isEmpty() ? "none" : there)
                + "). An address is an index in nvidia-smi's order or a UUID; check " + VISIBLE_DEVICES + ".");
    }

    /** nvidia-smi counts all GPUs of the machine in PCI order. */
    private static @Nullable CudaDevice byIndex(int index, List<CudaDevice> devices, Collection<String> systemBusIds) {
        List<Long> seen =
                devices.stream().map(d -> busId(d.pciBusId())).sorted().toList();
        List<Long> system =
                systemBusIds.stream().map(DeviceAddress::busId).sorted().toList();
        List<Long> order = system.containsAll(seen) ? system : seen;
        if (index >= order.size()) {
            return null;
        }
        long wanted = order.get(index);
        return devices.stream()
                .filter(d -> busId(d.pciBusId()) == wanted)
                .min(Comparator.comparingInt(CudaDevice::ordinal))
                .orElse(null);
    }

    private static @Nullable CudaDevice byUuid(String uuid, List<CudaDevice> devices, @Nullable String visible) {
        String wanted = bare(uuid);
        for (CudaDevice d : devices) {
            if (bare(d.uuid()).equals(wanted)) {
                return d;
            }
        }
        // The driver tells the UUID of the whole GPU, not of the slice that CUDA_VISIBLE_DEVICES chose: then the slice
        // is
        // the one device there is.
        boolean slice =
                uuid.startsWith("MIG-") && visible != null && bare(visible).equals(wanted);
        return slice && devices.size() == 1 ? devices.get(0) : null;
    }

    private static String bare(String uuid) {
        String lower = uuid.strip().toLowerCase(Locale.ROOT);
        return lower.startsWith("gpu-") || lower.startsWith("mig-") ? lower.substring(4) : lower;
    }

    /** Domain, bus, device and function as one number, which sorts as nvidia-smi does. */
    private static long busId(String text) {
        long id = 0;
        for (String part : text.strip().split("[:.]")) {
            id = id << 8 | Long.parseLong(part, 16);
        }
        return id;
    }

    static List<String> systemBusIds(Path folder) {
        try (Stream<Path> gpus = Files.list(folder)) {
            return gpus.map(p -> p.getFileName().toString())
                    .filter(name -> name.matches("[0-9a-fA-F]+:[0-9a-fA-F]+:[0-9a-fA-F]+\\.[0-9a-fA-F]+"))
                    .toList();
        } catch (IOException e) {
            return List.of();
        }
    }
}
