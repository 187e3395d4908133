package io.sparkmoe.core.cuda.driver;

import static jcuda.driver.CUfunction_attribute.CU_FUNC_ATTRIBUTE_LOCAL_SIZE_BYTES;
import static jcuda.driver.CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES;
import static jcuda.driver.CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK;
import static jcuda.driver.CUfunction_attribute.CU_FUNC_ATTRIBUTE_NUM_REGS;
import static jcuda.driver.CUfunction_attribute.CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES;

import jcuda.driver.CUfunction;
import jcuda.driver.JCudaDriver;

/** A kernel of a loaded module. Lives as long as the module. */
public final class CudaFunction {
    /** What every launch may ask for. */
    private static final int ALWAYS_ALLOWED = 48 << 10;

    private volatile int allowedShared = ALWAYS_ALLOWED;
    private final CudaContext context;
    private final String name;
    private final CUfunction handle;

    CudaFunction(CudaContext context, String name, CUfunction handle) {
        this.context = context;
        this.name = name;
        this.handle = handle;
    }

    public String name() {
        return name;
    }

    /** Registers a thread. */
    public int registers() {
        return attribute(CU_FUNC_ATTRIBUTE_NUM_REGS);
    }

    /** Bytes of local memory a thread: spills and arrays indexed at run time. */
    public int localBytes() {
        return attribute(CU_FUNC_ATTRIBUTE_LOCAL_SIZE_BYTES);
    }

    /** Bytes of static shared memory a block. */
    public int staticSharedBytes() {
        return attribute(CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES);
    }

    /** Most threads a block can have. */
    public int maxThreads() {
        return attribute(CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK);
    }

    private int attribute(int attribute) {
        context.makeCurrent();
        int[] value = new int[1];
        context.check(JCudaDriver.cuFuncGetAttribute(value, attribute, handle), "cuFuncGetAttribute", name);
        return value[0];
    }

    /** Lets launches ask for that much dynamic shared memory a block; needed above 48 KiB. */
    public void allowSharedBytes(int bytes) {
        context.makeCurrent();
        context.check(
                JCudaDriver.cuFuncSetAttribute(handle, CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, bytes),
                "cuFuncSetAttribute",
                name + " with " + bytes + " bytes of shared memory a block");
    }

    /** Like {@link #allowSharedBytes} where launches were not allowed as much before. */
    public void ensureSharedBytes(int bytes) {
        if (bytes > allowedShared) {
            raiseSharedBytes(bytes);
        }
    }

    /** By one thread at a time: a smaller value must not follow a larger one. */
    private synchronized void raiseSharedBytes(int bytes) {
        if (bytes > allowedShared) {
            allowSharedBytes(bytes);
            allowedShared = bytes;
        }
    }

    /** How many blocks of that shape one multiprocessor holds at once. */
    public int blocksPerMultiprocessor(int threads, int sharedBytes) {
        context.makeCurrent();
        int[] blocks = new int[1];
        context.check(
                JCudaDriver.cuOccupancyMaxActiveBlocksPerMultiprocessor(blocks, handle, threads, sharedBytes),
                "cuOccupancyMaxActiveBlocksPerMultiprocessor",
                name);
        return blocks[0];
    }

    CUfunction handle() {
        return handle;
    }

    @Override
    public String toString() {
        return name;
    }
}
