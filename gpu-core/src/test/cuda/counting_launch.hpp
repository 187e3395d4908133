// Loads the counting kernels' PTX and launches them as their Java launchers do (CountingShapes is the rule).
#pragma once
#include <cuda.h>
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "counting_rules.hpp"

#define CHECK(call)                                                                        \
    do {                                                                                   \
        CUresult r_ = (call);                                                              \
        if (r_ != CUDA_SUCCESS) {                                                          \
            const char* text_ = "";                                                        \
            cuGetErrorName(r_, &text_);                                                    \
            std::fprintf(stderr, "%s:%d: %s gave %s\n", __FILE__, __LINE__, #call, text_); \
            std::exit(2);                                                                  \
        }                                                                                  \
    } while (0)

using Ids = std::vector<unsigned char>;

struct Grid {
    unsigned x, y;
    Grid(int64_t x, int64_t y = 1) : x(static_cast<unsigned>(x)), y(static_cast<unsigned>(y)) {}
};

struct Device {
    CUdevice device;
    CUcontext context;
    CUstream stream;
    int multiprocessors;
    int most_shared;
    std::string folder;
    std::map<std::string, CUmodule> modules;
    std::map<std::string, CUfunction> functions;

    explicit Device(std::string ptx_folder) : folder(std::move(ptx_folder)) {
        CHECK(cuInit(0));
        CHECK(cuDeviceGet(&device, 0));
        CHECK(cuDevicePrimaryCtxRetain(&context, device));
        CHECK(cuCtxSetCurrent(context));
        CHECK(cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING));
        CHECK(cuDeviceGetAttribute(&most_shared, CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN, device));
        CHECK(cuDeviceGetAttribute(&multiprocessors, CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT, device));
    }

    CUfunction function(const std::string& stem, const std::string& step) {
        return kernel(stem, stem + "_" + step);
    }

    CUfunction kernel(const std::string& stem, const std::string& name) {
        if (functions.count(name) == 0) {
            if (modules.count(stem) == 0) {
                std::ifstream in(folder + "/" + stem + ".ptx", std::ios::binary);
                std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
                if (text.empty()) {
                    std::fprintf(stderr, "no PTX in %s/%s.ptx\n", folder.c_str(), stem.c_str());
                    std::exit(2);
                }
                CHECK(cuModuleLoadData(&modules[stem], text.c_str()));
            }
            CHECK(cuModuleGetFunction(&functions[name], modules[stem], name.c_str()));
        }
        return functions[name];
    }

    template <typename... A>
    void launch(CUfunction f, Grid grid, int threads, int64_t shared, A... args) {
        void* pointers[] = {&args...};
        if (shared > 48 * 1024) {
            CHECK(cuFuncSetAttribute(f, CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, static_cast<int>(shared)));
        }
        CHECK(cuLaunchKernel(f, grid.x, grid.y, 1, threads, 1, 1, static_cast<unsigned>(shared), stream, pointers, nullptr));
    }

    int resident(CUfunction f, int threads, int64_t shared) {
        if (shared > 48 * 1024) {
            CHECK(cuFuncSetAttribute(f, CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, static_cast<int>(shared)));
        }
        int blocks = 0;
        CHECK(cuOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, f, threads, shared));
        return blocks * multiprocessors;
    }
};

// Whether to fill new memory with a pattern; not under initcheck, which could not tell it from a result.
inline bool poison = true;

// Device memory, poisoned or filled.
template <typename T>
struct Buffer {
    CUdeviceptr at = 0;
    size_t n;
    explicit Buffer(size_t count) : n(count) {
        CHECK(cuMemAlloc(&at, std::max<size_t>(n * sizeof(T), 16)));
        if (poison) set(0xcd);
    }
    explicit Buffer(const std::vector<T>& v) : Buffer(v.size()) {
        if (n > 0) CHECK(cuMemcpyHtoD(at, v.data(), n * sizeof(T)));
    }
    Buffer(const Buffer&) = delete;
    ~Buffer() { cuMemFree(at); }
    std::vector<T> host() const {
        std::vector<T> v(n);
        if (n > 0) CHECK(cuMemcpyDtoH(v.data(), at, n * sizeof(T)));
        return v;
    }
    void zero() { set(0); }

  private:
    // Waits: the default stream, which memsets run in, is not ordered with the kernels' stream.
    void set(unsigned char value) {
        CHECK(cuMemsetD8(at, value, std::max<size_t>(n * sizeof(T), 16)));
        CHECK(cuStreamSynchronize(nullptr));
    }
};

// A batch on the device, and what a launcher knows of it.
struct OnDevice {
    CUdeviceptr ids;
    int type;
    CUdeviceptr offsets;
    int segments;
    int64_t total;
};

inline int64_t shares(const OnDevice& b, int64_t resident) {
    return shares(b.total, b.segments, resident);
}

inline void expert_load(Device& d, const OnDevice& b, CUdeviceptr slot_of, int slots, int experts, CUdeviceptr counts,
        CUdeviceptr tally, int cached = -1) {
    if (cached < 0 && b.total >= 4096ll * b.segments) {
        int64_t shared = histogram(experts);
        CUfunction f = d.function("expert_load", "segments");
        d.launch(f, shares(b, d.resident(f, 512, shared)), 512, shared, b.ids, b.type, b.offsets, b.segments, slot_of,
                experts, counts, tally);
        return;
    }
    cached = cached < 0 ? cached_slots(experts, slots, d.most_shared) : cached;
    int64_t shared = histogram(experts) + 4ll * cached * (experts + 3) + 8192;
    CUfunction f = d.function("expert_load", "rows");
    d.launch(f, shares(b, d.resident(f, 1024, shared)), 1024, shared, b.ids, b.type, b.offsets, b.segments, slot_of,
            experts, cached, counts, tally);
}

inline void
expert_counts(Device& d, const OnDevice& b, int experts, bool any_long, CUdeviceptr counts, CUdeviceptr tally) {
    int s = span(b.segments, d.multiprocessors);
    d.launch(d.function("expert_counts", "rows"), up(b.segments, 8 * s), 256, 8 * 4ll * (experts + 2), b.ids, b.type,
            b.offsets, b.segments, experts, s, counts, tally);
    if (any_long) {
        CUfunction f = d.function("expert_counts", "long");
        int64_t shared = histogram(experts);
        d.launch(f, shares(b, d.resident(f, 512, shared)), 512, shared, b.ids, b.type, b.offsets, b.segments, experts,
                counts, tally);
    }
}

struct PaddingOut {
    CUdeviceptr scratch, blocks, slots, used, active, tally;
};

inline void padding(Device& d, const OnDevice& b, int experts, CUdeviceptr sizes, int num_sizes, bool any_long,
        const PaddingOut& o) {
    int s = span(b.segments, d.multiprocessors);
    for (int first = 0; first < num_sizes; first += 32) {
        int64_t shared = 4 * (4ll * (experts + 2) + 64 * std::min(32, num_sizes - first));
        CUfunction rows = d.function("padding", "rows");
        d.launch(rows, std::min<int64_t>(up(b.segments, 4 * s), d.resident(rows, 128, shared)), 128, shared, b.ids,
                b.type, b.offsets, b.segments, experts, s, sizes, num_sizes, first, o.scratch, o.blocks, o.slots,
                o.used, o.active, o.tally);
        if (any_long && first == 0) {
            CUfunction f = d.function("padding", "long");
            int64_t hist = histogram(experts);
            d.launch(f, shares(b, d.resident(f, 512, hist)), 512, hist, b.ids, b.type, b.offsets, b.segments, experts,
                    o.scratch, o.tally);
        }
        if (any_long) {
            d.launch(d.function("padding", "finish"), std::min<int64_t>(up(b.segments, 4 * s), 8ll * d.multiprocessors),
                    128, 16ll * experts, b.offsets, b.segments, experts, s, sizes, num_sizes, first, o.scratch,
                    o.blocks, o.slots, o.used, o.active);
        }
    }
}

inline void padding_sums(Device& d, const OnDevice& b, CUdeviceptr slot_of, int experts, CUdeviceptr sizes,
        int num_sizes, bool any_long, CUdeviceptr scratch, CUdeviceptr sums, CUdeviceptr tally) {
    int s = span(b.segments, d.multiprocessors);
    for (int first = 0; first < num_sizes; first += 32) {
        int64_t shared = 4 * (4ll * (experts + 2) + 64 * std::min(32, num_sizes - first));
        CUfunction rows = d.function("padding_sums", "rows");
        d.launch(rows, std::min<int64_t>(up(b.segments, 4 * s), d.resident(rows, 128, shared)), 128, shared, b.ids,
                b.type, b.offsets, b.segments, slot_of, experts, s, sizes, num_sizes, first, scratch, sums, tally);
        if (any_long && first == 0) {
            CUfunction f = d.function("padding_sums", "long");
            int64_t hist = histogram(experts);
            d.launch(f, shares(b, d.resident(f, 512, hist)), 512, hist, b.ids, b.type, b.offsets, b.segments, experts,
                    scratch, tally);
        }
        if (any_long) {
            d.launch(d.function("padding_sums", "finish"),
                    std::min<int64_t>(up(b.segments, 4 * s), 8ll * d.multiprocessors), 128, 16ll * experts, b.offsets,
                    b.segments, slot_of, experts, s, sizes, num_sizes, first, scratch, sums);
        }
    }
}
