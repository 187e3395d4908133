#pragma once

__device__ int scale = 3;

__device__ inline long long first_index()
{
    return blockIdx.x * (long long)blockDim.x + threadIdx.x;
}

__device__ inline long long stride()
{
    return gridDim.x * (long long)blockDim.x;
}
