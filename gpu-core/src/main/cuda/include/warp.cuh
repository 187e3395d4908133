// What every kernel says of a warp.
#pragma once

namespace moe {

constexpr unsigned ALL_LANES = 0xffffffffu;

}  // namespace moe
