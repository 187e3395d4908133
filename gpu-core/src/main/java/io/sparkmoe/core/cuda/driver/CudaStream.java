package io.sparkmoe.core.cuda.driver;

import java.lang.ref.Reference;
import jcuda.driver.CUgraph;
import jcuda.driver.CUresult;
import jcuda.driver.CUstream;
import jcuda.driver.CUstreamCaptureMode;
import jcuda.driver.CUstream_flags;
import jcuda.driver.JCudaDriver;
import org.jspecify.annotations.Nullable;

/**
 * A queue of work on the device, done in order. Every method but {@link #synchronize} and {@link #idle} only enqueues:
 * memory it was given must stay until the stream has come past it. Not for several threads at once.
 *
 * <p>A kernel's fault shows at a later call. Messages therefore name the stream's last launch.
 */
public final class CudaStream extends OpenResource {
    private final CUstream handle;
    private @Nullable CudaFunction lastFunction;
    private @Nullable LaunchConfig lastConfig;

    private CudaStream(CudaContext context, CUstream handle) {
        super(context, "stream " + context.nextNumber(), "cuStreamDestroy");
        this.handle = handle;
    }

    static CudaStream create(CudaContext context) {
        CUstream handle = new CUstream();
        context.check(
                JCudaDriver.cuStreamCreate(handle, CUstream_flags.CU_STREAM_NON_BLOCKING), "cuStreamCreate", null);
        return new CudaStream(context, handle);
    }

    /**
     * Launches a kernel.
     *
     * @param arguments in the order of the kernel's parameters; may be reused as soon as this returns
     */
    public void launch(CudaFunction function, LaunchConfig config, KernelArguments arguments) {
        context().makeCurrent();
        lastFunction = function;
        lastConfig = config;
        int code = JCudaDriver.cuLaunchKernel(
                function.handle(),
                config.gridX(),
                config.gridY(),
                1,
                config.blockX(),
                1,
                1,
                config.sharedBytes(),
                handle,
                arguments.table(),
                null);
        Reference.reachabilityFence(arguments);
        check(code, "cuLaunchKernel");
    }

    /** Copies from host memory; returns before it is done only when that memory is pinned. */
    public void copyToDevice(long device, long host, long bytes) {
        if (bytes > 0) {
            context().makeCurrent();
            check(
                    JCudaDriver.cuMemcpyHtoDAsync(new Address(device), new HostAddress(host), bytes, handle),
                    "cuMemcpyHtoDAsync");
        }
    }

    /** Copies to host memory; returns before it is done only when that memory is pinned. */
    public void copyToHost(long host, long device, long bytes) {
        if (bytes > 0) {
            context().makeCurrent();
            check(
                    JCudaDriver.cuMemcpyDtoHAsync(new HostAddress(host), new Address(device), bytes, handle),
                    "cuMemcpyDtoHAsync");
        }
    }

    /** Copies from device memory to device memory; the two do not overlap. */
    public void copyOnDevice(long to, long from, long bytes) {
        if (bytes > 0) {
            context().makeCurrent();
            check(
                    JCudaDriver.cuMemcpyDtoDAsync(new Address(to), new Address(from), bytes, handle),
                    "cuMemcpyDtoDAsync");
        }
    }

    /** Sets bytes of device memory. */
    public void fill(long device, byte value, long bytes) {
        if (bytes > 0) {
            context().makeCurrent();
            check(JCudaDriver.cuMemsetD8Async(new Address(device), value, bytes, handle), "cuMemsetD8Async");
        }
    }

    /** Puts the event's mark here. */
    public void record(CudaEvent event) {
        context().makeCurrent();
        check(JCudaDriver.cuEventRecord(event.handle(), handle), "cuEventRecord");
    }

    /** Makes what follows in this stream wait for the event's mark, without the host. */
    public void waitFor(CudaEvent event) {
        context().makeCurrent();
        check(JCudaDriver.cuStreamWaitEvent(handle, event.handle(), 0), "cuStreamWaitEvent");
    }

    /** Waits until all of it is done. */
    public void synchronize() {
        context().makeCurrent();
        check(JCudaDriver.cuStreamSynchronize(handle), "cuStreamSynchronize");
    }

    /** Whether all of it is done. */
    public boolean idle() {
        context().makeCurrent();
        int code = JCudaDriver.cuStreamQuery(handle);
        if (code == CUresult.CUDA_ERROR_NOT_READY) {
            return false;
        }
        check(code, "cuStreamQuery");
        return true;
    }

    /**
     * Records what {@code work} enqueues in this stream, instead of running it. Other threads go on undisturbed.
     *
     * @throws CudaException when {@code work} does what cannot be captured, such as waiting for the stream
     */
    public CudaGraph capture(Runnable work) {
        context().makeCurrent();
        check(
                JCudaDriver.cuStreamBeginCapture(handle, CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL),
                "cuStreamBeginCapture");
        CUgraph graph = new CUgraph();
        try {
            work.run();
        } catch (RuntimeException | Error e) {
            if (JCudaDriver.cuStreamEndCapture(handle, graph) == CUresult.CUDA_SUCCESS) {
                JCudaDriver.cuGraphDestroy(graph);
            }
            throw e;
        }
        check(JCudaDriver.cuStreamEndCapture(handle, graph), "cuStreamEndCapture");
        return CudaGraph.instantiate(context(), graph);
    }

    private void check(int code, String call) {
        if (code != CUresult.CUDA_SUCCESS) {
            throw context().failure(code, call, this + ", " + lastLaunch());
        }
    }

    private String lastLaunch() {
        return lastFunction == null ? "no launch yet" : "last launch " + lastFunction + lastConfig;
    }

    CUstream handle() {
        return handle;
    }

    @Override
    int release() {
        return JCudaDriver.cuStreamDestroy(handle);
    }
}
