package io.sparkmoe.core.cuda.driver;

import static jcuda.driver.CUjit_option.CU_JIT_ERROR_LOG_BUFFER;
import static jcuda.driver.CUjit_option.CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES;

import java.nio.ByteBuffer;
import jcuda.Pointer;
import jcuda.driver.CUfunction;
import jcuda.driver.CUmodule;
import jcuda.driver.JCudaDriver;
import jcuda.driver.JITOptions;

/** Kernels and globals of one PTX text, compiled by the driver for the device. */
public final class CudaModule extends OpenResource {
    private static final int LOG_BYTES = 8 << 10;

    private final String name;
    private final CUmodule handle;

    private CudaModule(CudaContext context, String name, CUmodule handle) {
        super(context, "module " + name, "cuModuleUnload");
        this.name = name;
        this.handle = handle;
    }

    static CudaModule load(CudaContext context, String name, byte[] ptx) {
        // A direct buffer: an array would be pinned, and the collector stopped, for as long as the compilation takes.
        ByteBuffer image = ByteBuffer.allocateDirect(ptx.length + 1).put(ptx).put((byte) 0);
        JITOptions options = new JITOptions();
        options.putBytes(CU_JIT_ERROR_LOG_BUFFER, new byte[LOG_BYTES]);
        options.putInt(CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES, LOG_BYTES);
        CUmodule handle = new CUmodule();
        int code = JCudaDriver.cuModuleLoadDataJIT(handle, Pointer.to(image), options);
        if (code != 0) {
            String log = options.getString(CU_JIT_ERROR_LOG_BUFFER);
            String said = log == null || log.isBlank() ? "no compiler log" : "compiler log: " + log.strip();
            throw context.failure(code, "cuModuleLoadDataEx", "module " + name + "; " + said);
        }
        return new CudaModule(context, name, handle);
    }

    public String name() {
        return name;
    }

    /**
     * A kernel by its name in PTX.
     *
     * @throws CudaException when the module has none of that name
     */
    public CudaFunction function(String function) {
        context().makeCurrent();
        CUfunction found = new CUfunction();
        context()
                .check(
                        JCudaDriver.cuModuleGetFunction(found, handle, function),
                        "cuModuleGetFunction",
                        "kernel " + function + " of module " + name);
        return new CudaFunction(context(), function, found);
    }

    /** The device address of a global variable. */
    public long global(String variable) {
        context().makeCurrent();
        Address address = new Address();
        context()
                .check(
                        JCudaDriver.cuModuleGetGlobal(address, new long[1], handle, variable),
                        "cuModuleGetGlobal",
                        "global " + variable + " of module " + name);
        return address.value();
    }

    @Override
    int release() {
        return JCudaDriver.cuModuleUnload(handle);
    }
}
