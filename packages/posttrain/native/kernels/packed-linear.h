#pragma once
#include "element.h"

namespace posttrain::kernels {

/** Outputs of a packed matrix that stand side by side; a matrix is filled up with zeros to whole panels. */
constexpr int64_t kPanel = 32;

/** y = x·Wᵀ + b for few rows: the weights are read once, in the order in which they lie. */
template <class T>
struct PackedLinear {
  int64_t rows, inputs, outputs;
  const T* x;         // [rows, inputs]
  const T* packed;    // [⌈outputs/32⌉, inputs/u, 32, u]: u neighbouring inputs of an output, 2 in bf16 and 1 in float
  const float* bias;  // [outputs], or null
};

template <class T>
struct PackedLinearOf {
  /** Panels [begin, end) of W [outputs, inputs]. */
  void (*pack)(int64_t begin, int64_t end, int64_t outputs, int64_t inputs, const T* weight, T* packed);
  /** w · x / √(mean(x²) + ε) of rows [begin, end), in float32 until it is rounded to T. */
  void (*normalize)(int64_t begin, int64_t end, int64_t width, const float* x, const float* weight, float epsilon, T* out);
  /** Panels [begin, end) of y, as T [rows, outputs]. */
  void (*store)(const PackedLinear<T>& linear, int64_t begin, int64_t end, T* y);
  /** The same in float32. */
  void (*store_wide)(const PackedLinear<T>& linear, int64_t begin, int64_t end, float* y);
  /** The same, added to float32 [rows, outputs]. */
  void (*add)(const PackedLinear<T>& linear, int64_t begin, int64_t end, float* y);
  /**
   * silu(gate) · up, T [rows, inner], where each panel holds 16 gates and the 16 ups that belong to them: `outputs` is
   * 2 · ⌈inner/16⌉ · 16.
   */
  void (*store_gated)(const PackedLinear<T>& linear, int64_t begin, int64_t end, T* y, int64_t inner);
};

struct PackedLinears {
  PackedLinearOf<float> of_float;
  PackedLinearOf<bf16> of_bf16;
};

namespace POSTTRAIN_LEVEL {
extern const PackedLinears packed_linears;
}

}  // namespace posttrain::kernels
