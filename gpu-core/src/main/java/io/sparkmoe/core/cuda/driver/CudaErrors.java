package io.sparkmoe.core.cuda.driver;

import java.util.Set;
import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;
import org.jspecify.annotations.Nullable;

/** From a result code to the exception for it: the one place that does so. */
final class CudaErrors {
    static final int OUT_OF_MEMORY = CUresult.CUDA_ERROR_OUT_OF_MEMORY;

    /** After these a context answers every call with the same error (CUDA driver API, {@code CUresult}). */
    private static final Set<Integer> STICKY = Set.of(
            CUresult.CUDA_ERROR_DEINITIALIZED,
            CUresult.CUDA_ERROR_ECC_UNCORRECTABLE,
            CUresult.CUDA_ERROR_NVLINK_UNCORRECTABLE,
            CUresult.CUDA_ERROR_ILLEGAL_ADDRESS,
            CUresult.CUDA_ERROR_LAUNCH_TIMEOUT,
            CUresult.CUDA_ERROR_CONTEXT_IS_DESTROYED,
            CUresult.CUDA_ERROR_ASSERT,
            CUresult.CUDA_ERROR_HARDWARE_STACK_ERROR,
            CUresult.CUDA_ERROR_ILLEGAL_INSTRUCTION,
            CUresult.CUDA_ERROR_MISALIGNED_ADDRESS,
            CUresult.CUDA_ERROR_INVALID_ADDRESS_SPACE,
            CUresult.CUDA_ERROR_INVALID_PC,
            CUresult.CUDA_ERROR_LAUNCH_FAILED,
            CUresult.CUDA_ERROR_MPS_RPC_FAILURE,
            CUresult.CUDA_ERROR_MPS_CLIENT_TERMINATED,
            CUresult.CUDA_ERROR_EXTERNAL_DEVICE,
            CUresult.CUDA_ERROR_UNKNOWN);

    private CudaErrors() {}

    static boolean sticky(int code) {
        return STICKY.contains(code);
    }

    /** An exception for a failed call; {@code detail} says what was launched, loaded or asked for. */
    static CudaException of(int code, String call, @Nullable String detail) {
        String message = call + " failed: " + describe(code) + (detail == null ? "" : "; " + detail);
        return code == OUT_OF_MEMORY
                ? new OutOfDeviceMemoryException(message, call)
                : new CudaException(message, call, code, sticky(code));
    }

    /** For example {@code CUDA_ERROR_ILLEGAL_ADDRESS (700, an illegal memory access was encountered)}. */
    static String describe(int code) {
        String[] name = new String[1];
        String[] text = new String[1];
        boolean known = JCudaDriver.cuGetErrorName(code, name) == CUresult.CUDA_SUCCESS
                && JCudaDriver.cuGetErrorString(code, text) == CUresult.CUDA_SUCCESS;
        return known ? name[0] + " (" + code + ", " + text[0] + ")" : "CUDA error " + code;
    }
}
