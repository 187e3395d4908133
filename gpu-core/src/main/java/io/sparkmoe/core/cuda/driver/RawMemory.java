package io.sparkmoe.core.cuda.driver;

/** Where a pool gets its blocks from and gives them back to. */
interface RawMemory {
    /**
     * Takes memory.
     *
     * @return its address
     * @throws OutOfDeviceMemoryException when there is not enough; any other failure is another CudaException
     */
    long allocate(long bytes);

    void free(long address);
}
