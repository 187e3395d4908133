package io.sparkmoe.core.cuda.driver;

import java.nio.file.Path;
import java.util.List;
import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;
import org.jspecify.annotations.Nullable;

/** The CUDA driver of this machine: whether it can be used at all, asked once and remembered, and its devices. */
public final class CudaDriver {
    /** CUDA 12.0, the oldest driver that the kernels are meant for. */
    private static final int OLDEST = 12_000;

    private static final String TEMPORARY = "java.io.tmpdir";

    private static @Nullable CudaDriver loaded;
    private static @Nullable CudaUnavailableException unavailable;

    private final int version;
    private final List<CudaDevice> devices;

    private CudaDriver(int version, List<CudaDevice> devices) {
        this.version = version;
        this.devices = devices;
    }

    /**
     * Loads the binding and initialises the driver, the first time; later calls answer the same at once.
     *
     * @throws CudaUnavailableException saying in a sentence why CUDA cannot be used: the platform, the binding's library,
     *     no driver, one that is too old, no device
     */
    public static CudaDriver load() throws CudaUnavailableException {
        return load(null);
    }

    /**
     * Like {@link #load()}, the binding's library going to a folder of the caller's choice.
     *
     * @param folder where code may be run from; null: java.io.tmpdir. Only the first load of a process looks at it
     */
    public static synchronized CudaDriver load(@Nullable Path folder) throws CudaUnavailableException {
        if (unavailable != null) {
            throw new CudaUnavailableException(String.valueOf(unavailable.getMessage()), unavailable);
        }
        if (loaded == null) {
            try {
                loaded = start(folder);
            } catch (CudaUnavailableException e) {
                unavailable = e;
                throw e;
            }
        }
        return loaded;
    }

    private static CudaDriver start(@Nullable Path folder) throws CudaUnavailableException {
        NativeLibrary.checkPlatform(System.getProperty("os.name"), System.getProperty("os.arch"));
        String temporary = System.getProperty(TEMPORARY);
        NativeLibrary.place(folder != null ? folder : Path.of(temporary));
        try {
            if (folder != null) {
                // JCuda looks nowhere else; the property is read once, while its class is initialised.
                System.setProperty(TEMPORARY, folder.toString());
            }
            JCudaDriver.setExceptionsEnabled(false);
            return initialise();
        } catch (LinkageError e) {
            // Later touches of JCudaDriver would throw NoClassDefFoundError, which says nothing: this is remembered.
            throw new CudaUnavailableException(LinkProblem.sentence(String.valueOf(e.getMessage())), e);
        } catch (CudaException e) {
            throw new CudaUnavailableException("the NVIDIA driver does not work: " + e.getMessage(), e);
        } finally {
            System.setProperty(TEMPORARY, temporary);
        }
    }

    private static CudaDriver initialise() throws CudaUnavailableException {
        int code = JCudaDriver.cuInit(0);
        if (code == CUresult.CUDA_ERROR_NO_DEVICE) {
            throw new CudaUnavailableException(
                    "there is an NVIDIA driver, but no GPU that this process may use" + visibleDevices(), null);
        }
        if (code != 0) {
            throw CudaErrors.of(code, "cuInit", null);
        }
        int[] version = new int[1];
        JCudaDriver.cuDriverGetVersion(version);
        if (version[0] < OLDEST) {
            throw new CudaUnavailableException(
                    "the NVIDIA driver is for CUDA " + text(version[0]) + ", at least " + text(OLDEST) + " is needed",
                    null);
        }
        return new CudaDriver(version[0], DeviceReader.devices());
    }

    private static String visibleDevices() {
        String visible = System.getenv(DeviceAddress.VISIBLE_DEVICES);
        return visible == null ? "" : " (" + DeviceAddress.VISIBLE_DEVICES + "='" + visible + "')";
    }

    private static String text(int version) {
        return version / 1_000 + "." + version % 1_000 / 10;
    }

    /** The newest CUDA that the driver serves, 1000 * major + 10 * minor: 13000 is 13.0. */
    public int version() {
        return version;
    }

    /** The devices that this process sees, by ordinal. */
    public List<CudaDevice> devices() {
        return devices;
    }

    /**
     * The device at an address as a resource manager gives it: an index in nvidia-smi's order, a UUID with or without
     * {@code GPU-}, or a MIG UUID.
     *
     * @throws IllegalArgumentException listing the devices there are
     */
    public CudaDevice device(String address) {
        return DeviceAddress.find(address, devices);
    }

    /**
     * The device of CUDA's own number.
     *
     * @throws IllegalArgumentException listing the devices there are
     */
    public CudaDevice device(int ordinal) {
        if (ordinal < 0 || ordinal >= devices.size()) {
            throw DeviceAddress.unknown("CUDA ordinal " + ordinal, devices);
        }
        return devices.get(ordinal);
    }
}
