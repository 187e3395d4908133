package io.sparkmoe.core.cuda.driver;

import jcuda.driver.CUgraph;
import jcuda.driver.CUgraphExec;
import jcuda.driver.JCudaDriver;

/**
 * Work of a stream, captured once and launched many times for the price of one launch. Addresses and launch shapes are
 * those of the capture; what the addresses hold may change between launches.
 */
public final class CudaGraph extends OpenResource {
    private final CUgraphExec handle;

    private CudaGraph(CudaContext context, CUgraphExec handle) {
        super(context, "graph " + context.nextNumber(), "cuGraphExecDestroy");
        this.handle = handle;
    }

    static CudaGraph instantiate(CudaContext context, CUgraph captured) {
        CUgraphExec handle = new CUgraphExec();
        int code = JCudaDriver.cuGraphInstantiate(handle, captured, 0);
        JCudaDriver.cuGraphDestroy(captured);
        context.check(code, "cuGraphInstantiate", null);
        return new CudaGraph(context, handle);
    }

    /** Launches all of it into a stream. */
    public void launch(CudaStream stream) {
        context().makeCurrent();
        context().check(JCudaDriver.cuGraphLaunch(handle, stream.handle()), "cuGraphLaunch", toString());
    }

    @Override
    int release() {
        return JCudaDriver.cuGraphExecDestroy(handle);
    }
}
