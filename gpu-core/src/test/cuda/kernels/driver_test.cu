// Kernels that the driver package's own tests launch: one that counts up, one that waits, one that breaks.
#include "driver_test.cuh"

// out[i] = start + i for i in [0, n); every argument kind is used.
extern "C" __global__ void ramp(int* __restrict__ out, int start, long long n)
{
    for (long long i = first_index(); i < n; i += stride()) {
        out[i] = start + (int)i;
    }
}

// out[i] += scale for i in [0, n).
extern "C" __global__ void bump(int* __restrict__ out, long long n)
{
    for (long long i = first_index(); i < n; i += stride()) {
        out[i] += scale;
    }
}

// Copies through dynamic shared memory: one block of at most sharedBytes / 4 ints, reversed.
extern "C" __global__ void reverse(int* __restrict__ out, const int* __restrict__ in, int n)
{
    extern __shared__ int tile[];
    for (int i = threadIdx.x; i < n; i += blockDim.x) {
        tile[i] = in[i];
    }
    __syncthreads();
    for (int i = threadIdx.x; i < n; i += blockDim.x) {
        out[i] = tile[n - 1 - i];
    }
}

// Keeps a stream busy for about that many clock ticks of a multiprocessor.
extern "C" __global__ void spin(long long ticks)
{
    long long start = clock64();
    while (clock64() - start < ticks) {
    }
}

// Writes to an address that nobody has: a sticky error.
extern "C" __global__ void illegal_address()
{
    *(volatile int*)16 = 1;
}
