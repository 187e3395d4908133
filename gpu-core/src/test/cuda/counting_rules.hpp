// The counting launchers' rules (CountingShapes).
#pragma once
#include <algorithm>
#include <cstdint>

inline int64_t up(int64_t a, int64_t b) {
    return (a + b - 1) / b;
}
constexpr int64_t LONG_IDS = 2048;

inline int span(int segments, int sms) {
    int s = 1;
    while (s < 32 && 2 * s * 32ll * sms <= segments) s *= 2;
    return s;
}

// A block's histogram: four, of the bins of an expert each and two more, or of 256 codes.
inline int64_t histogram(int experts) {
    return 16ll * std::max(experts + 2, 256);
}

// Blocks of a launch in which all blocks share the ids.
inline int64_t shares(int64_t ids, int64_t segments, int64_t resident) {
    return std::max<int64_t>(1, std::min(resident, up(ids + segments, 8192)));
}

inline int cached_slots(int experts, int slots, int64_t most_shared) {
    int64_t room = most_shared - 1024 - (histogram(experts) + 8192);
    int c = 1;
    while (c < slots && 2ll * c * 4 * (experts + 3) <= room) c *= 2;
    return c;
}
