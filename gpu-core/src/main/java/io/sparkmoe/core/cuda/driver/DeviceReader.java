package io.sparkmoe.core.cuda.driver;

import static jcuda.driver.CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR;
import static jcuda.driver.CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR;
import static jcuda.driver.CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN;
import static jcuda.driver.CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT;
import static jcuda.driver.JCudaDriver.cuDeviceGet;
import static jcuda.driver.JCudaDriver.cuDeviceGetAttribute;
import static jcuda.driver.JCudaDriver.cuDeviceGetCount;
import static jcuda.driver.JCudaDriver.cuDeviceGetName;
import static jcuda.driver.JCudaDriver.cuDeviceGetPCIBusId;
import static jcuda.driver.JCudaDriver.cuDeviceGetUuid;
import static jcuda.driver.JCudaDriver.cuDeviceTotalMem;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import jcuda.driver.CUdevice;
import jcuda.driver.CUuuid;

/** Asks the driver for the devices of this process. */
final class DeviceReader {
    private static final int NAME_BYTES = 256;
    private static final int PCI_BYTES = 32;

    private DeviceReader() {}

    static List<CudaDevice> devices() {
        int[] count = new int[1];
        check(cuDeviceGetCount(count), "cuDeviceGetCount");
        List<CudaDevice> out = new ArrayList<>(count[0]);
        for (int i = 0; i < count[0]; i++) {
            out.add(device(i));
        }
        return List.copyOf(out);
    }

    private static CudaDevice device(int ordinal) {
        CUdevice device = new CUdevice();
        check(cuDeviceGet(device, ordinal), "cuDeviceGet");
        long[] total = new long[1];
        check(cuDeviceTotalMem(total, device), "cuDeviceTotalMem");
        String[] pci = new String[1];
        check(cuDeviceGetPCIBusId(pci, PCI_BYTES, device), "cuDeviceGetPCIBusId");
        return new CudaDevice(
                ordinal,
                name(device),
                uuid(device),
                pci[0].strip(),
                attribute(device, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR),
                attribute(device, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR),
                attribute(device, CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT),
                total[0],
                attribute(device, CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN));
    }

    private static String name(CUdevice device) {
        byte[] name = new byte[NAME_BYTES];
        check(cuDeviceGetName(name, NAME_BYTES, device), "cuDeviceGetName");
        int end = 0;
        while (end < name.length && name[end] != 0) {
            end++;
        }
        return new String(name, 0, end, StandardCharsets.UTF_8);
    }

    private static String uuid(CUdevice device) {
        CUuuid uuid = new CUuuid();
        check(cuDeviceGetUuid(uuid, device), "cuDeviceGetUuid");
        ByteBuffer bytes = ByteBuffer.wrap(uuid.bytes);
        return "GPU-" + new UUID(bytes.getLong(), bytes.getLong());
    }

    private static int attribute(CUdevice device, int attribute) {
        int[] value = new int[1];
        check(cuDeviceGetAttribute(value, attribute, device), "cuDeviceGetAttribute");
        return value[0];
    }

    private static void check(int code, String call) {
        if (code != 0) {
            throw CudaErrors.of(code, call, null);
        }
    }
}
