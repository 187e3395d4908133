// The CUDA driver, loaded at run time as the JVM does: modules from PTX text, launches, guarded device memory.
#pragma once
#include <cuda.h>
#include <dlfcn.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

namespace driver {

inline CUresult (*cuInit)(unsigned);
inline CUresult (*cuDeviceGet)(CUdevice*, int);
inline CUresult (*cuDeviceGetAttribute)(int*, CUdevice_attribute, CUdevice);
inline CUresult (*retain)(CUcontext*, CUdevice);
inline CUresult (*setCurrent)(CUcontext);
inline CUresult (*loadModule)(CUmodule*, const void*);
inline CUresult (*getFunction)(CUfunction*, CUmodule, const char*);
inline CUresult (*setAttribute)(CUfunction, CUfunction_attribute, int);
inline CUresult (*occupancy)(int*, CUfunction, int, size_t);
inline CUresult (*launch)(CUfunction, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, CUstream, void**, void**);
inline CUresult (*memAlloc)(CUdeviceptr*, size_t);
inline CUresult (*memFree)(CUdeviceptr);
inline CUresult (*toDevice)(CUdeviceptr, const void*, size_t);
inline CUresult (*toHost)(void*, CUdeviceptr, size_t);
inline CUresult (*fillAsync)(CUdeviceptr, unsigned char, size_t, CUstream);
inline CUresult (*streamCreate)(CUstream*, unsigned);
inline CUresult (*streamSync)(CUstream);
inline CUresult (*beginCapture)(CUstream, CUstreamCaptureMode);
inline CUresult (*endCapture)(CUstream, CUgraph*);
inline CUresult (*instantiate)(CUgraphExec*, CUgraph, unsigned long long);
inline CUresult (*graphLaunch)(CUgraphExec, CUstream);
inline CUresult (*graphExecDestroy)(CUgraphExec);
inline CUresult (*graphDestroy)(CUgraph);
inline CUresult (*eventCreate)(CUevent*, unsigned);
inline CUresult (*eventRecord)(CUevent, CUstream);
inline CUresult (*elapsed)(float*, CUevent, CUevent);
inline CUresult (*errorName)(CUresult, const char**);

inline std::string folder = ".";  // of the PTX files
inline CUstream stream;
inline int multiprocessors;

inline void check(CUresult result, const char* call, int line) {
    if (result == CUDA_SUCCESS) return;
    const char* name = "?";
    errorName(result, &name);
    std::printf("%s in %s, line %d\n", name, call, line);
    std::fflush(stdout);
    std::exit(2);
}
#define CUDA(call) driver::check(driver::call, #call, __LINE__)

template <class F>
void bind(void* library, F& f, const char* symbol) {
    f = reinterpret_cast<F>(dlsym(library, symbol));
    if (f == nullptr) std::printf("%s is not in the driver\n", symbol), std::exit(2);
}

inline void open() {
    void* library = dlopen("libcuda.so.1", RTLD_NOW);
    if (library == nullptr) std::printf("no driver: %s\n", dlerror()), std::exit(2);
    bind(library, cuInit, "cuInit");
    bind(library, cuDeviceGet, "cuDeviceGet");
    bind(library, cuDeviceGetAttribute, "cuDeviceGetAttribute");
    bind(library, retain, "cuDevicePrimaryCtxRetain");
    bind(library, setCurrent, "cuCtxSetCurrent");
    bind(library, loadModule, "cuModuleLoadData");
    bind(library, getFunction, "cuModuleGetFunction");
    bind(library, setAttribute, "cuFuncSetAttribute");
    bind(library, occupancy, "cuOccupancyMaxActiveBlocksPerMultiprocessor");
    bind(library, launch, "cuLaunchKernel");
    bind(library, memAlloc, "cuMemAlloc_v2");
    bind(library, memFree, "cuMemFree_v2");
    bind(library, toDevice, "cuMemcpyHtoD_v2");
    bind(library, toHost, "cuMemcpyDtoH_v2");
    bind(library, fillAsync, "cuMemsetD8Async");
    bind(library, streamCreate, "cuStreamCreate");
    bind(library, streamSync, "cuStreamSynchronize");
    bind(library, beginCapture, "cuStreamBeginCapture_v2");
    bind(library, endCapture, "cuStreamEndCapture");
    bind(library, instantiate, "cuGraphInstantiateWithFlags");
    bind(library, graphLaunch, "cuGraphLaunch");
    bind(library, graphExecDestroy, "cuGraphExecDestroy");
    bind(library, graphDestroy, "cuGraphDestroy");
    bind(library, eventCreate, "cuEventCreate");
    bind(library, eventRecord, "cuEventRecord");
    bind(library, elapsed, "cuEventElapsedTime");
    bind(library, errorName, "cuGetErrorName");
    CUdevice device;
    CUcontext context;
    CUDA(cuInit(0));
    CUDA(cuDeviceGet(&device, 0));
    CUDA(retain(&context, device));
    CUDA(setCurrent(context));
    CUDA(cuDeviceGetAttribute(&multiprocessors, CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT, device));
    CUDA(streamCreate(&stream, CU_STREAM_NON_BLOCKING));
}

// A kernel of PTX resource <stem>, loaded once.
inline CUfunction kernel(const std::string& stem, const std::string& name) {
    static std::map<std::string, CUmodule> modules;
    static std::map<std::string, CUfunction> kernels;
    if (kernels.count(name)) return kernels[name];
    if (!modules.count(stem)) {
        std::ifstream in(folder + "/" + stem + ".ptx");
        std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
        if (text.empty()) std::printf("no %s/%s.ptx\n", folder.c_str(), stem.c_str()), std::exit(2);
        CUDA(loadModule(&modules[stem], text.c_str()));
    }
    CUDA(getFunction(&kernels[name], modules[stem], name.c_str()));
    return kernels[name];
}

// Parameters in the kernel's order and in its exact types.
template <class... Args>
void run(CUfunction f, int gridX, int gridY, int threads, int shared, Args... args) {
    void* list[] = {&args...};
    if (shared > 48 * 1024) CUDA(setAttribute(f, CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, shared));
    CUDA(launch(f, gridX, gridY, 1, threads, 1, 1, shared, stream, list, nullptr));
}

// Device memory filled with poison, with a guard behind it.
template <class T>
class Buffer {
  public:
    Buffer() = default;
    explicit Buffer(size_t count) : count_(count) {
        CUDA(memAlloc(&address_, bytes() + GUARD));
        CUDA(fillAsync(address_, 0xcd, bytes() + GUARD, stream));  // ordered before the kernels
        CUDA(streamSync(stream));
    }
    explicit Buffer(const std::vector<T>& from) : Buffer(from.size()) { put(from); }
    Buffer(Buffer&& b) noexcept : address_(b.address_), count_(b.count_) { b.address_ = 0; }
    Buffer& operator=(Buffer&& b) noexcept {
        std::swap(address_, b.address_);
        std::swap(count_, b.count_);
        return *this;
    }
    ~Buffer() {
        if (address_) memFree(address_);
    }
    size_t count() const { return count_; }
    size_t bytes() const { return count_ * sizeof(T); }
    T* get() const { return reinterpret_cast<T*>(address_); }
    CUdeviceptr address() const { return address_; }
    void put(const std::vector<T>& from) {
        if (!from.empty()) CUDA(toDevice(address_, from.data(), from.size() * sizeof(T)));
    }
    void clearAsync(size_t n) const { CUDA(fillAsync(address_, 0, n * sizeof(T), stream)); }
    std::vector<T> all() const {
        std::vector<T> to(count_);
        if (count_) CUDA(toHost(to.data(), address_, bytes()));
        return to;
    }
    bool guarded() const {
        unsigned char guard[GUARD];
        CUDA(toHost(guard, address_ + bytes(), GUARD));
        for (unsigned char g : guard)
            if (g != 0xcd) return false;
        return true;
    }

  private:
    static constexpr size_t GUARD = 256;
    CUdeviceptr address_ = 0;
    size_t count_ = 0;
};

}  // namespace driver
