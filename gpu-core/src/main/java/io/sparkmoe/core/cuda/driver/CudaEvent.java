package io.sparkmoe.core.cuda.driver;

import jcuda.driver.CUevent;
import jcuda.driver.CUevent_flags;
import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;

/** A mark in a stream, to wait for or, when timed, to measure between. */
public final class CudaEvent extends OpenResource {
    private final CUevent handle;

    private CudaEvent(CudaContext context, CUevent handle) {
        super(context, "event " + context.nextNumber(), "cuEventDestroy");
        this.handle = handle;
    }

    static CudaEvent create(CudaContext context, boolean timed) {
        CUevent handle = new CUevent();
        int flags = timed ? CUevent_flags.CU_EVENT_DEFAULT : CUevent_flags.CU_EVENT_DISABLE_TIMING;
        context.check(JCudaDriver.cuEventCreate(handle, flags), "cuEventCreate", null);
        return new CudaEvent(context, handle);
    }

    /** Whether everything before the mark is done; true also before the first {@link CudaStream#record}. */
    public boolean done() {
        context().makeCurrent();
        int code = JCudaDriver.cuEventQuery(handle);
        if (code == CUresult.CUDA_ERROR_NOT_READY) {
            return false;
        }
        context().check(code, "cuEventQuery", null);
        return true;
    }

    /** Waits until everything before the mark is done. */
    public void synchronize() {
        context().makeCurrent();
        context().check(JCudaDriver.cuEventSynchronize(handle), "cuEventSynchronize", null);
    }

    /** Milliseconds on the device between two timed events that are done; CUDA resolves about half a microsecond. */
    public float millisecondsSince(CudaEvent start) {
        context().makeCurrent();
        float[] milliseconds = new float[1];
        context()
                .check(
                        JCudaDriver.cuEventElapsedTime(milliseconds, start.handle, handle),
                        "cuEventElapsedTime",
                        "both events must be timed, recorded and done");
        return milliseconds[0];
    }

    CUevent handle() {
        return handle;
    }

    @Override
    int release() {
        return JCudaDriver.cuEventDestroy(handle);
    }
}
