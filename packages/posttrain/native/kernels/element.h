// The element types of kernels.
#pragma once
#include <cstdint>

// The build defines the namespace of the level that a file is compiled for. Code that is not compiled per level sees the
// portable one.
#ifndef POSTTRAIN_LEVEL
#define POSTTRAIN_LEVEL baseline
#endif

namespace posttrain::kernels {

/** The upper half of a float32. A type of its own, so that it selects overloads and never converts by itself. */
struct bf16 {
  uint16_t bits;
};

}  // namespace posttrain::kernels
