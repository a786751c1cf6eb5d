#pragma once
#include "element.h"

namespace posttrain::kernels {

/** What happens to single elements or pairs of them; T is the type that matrices are multiplied in. */
template <class T>
struct ElementwiseOf {
  /**
   * Rotary embedding of `heads` heads in each row: pairs (x_i, x_{i + width/2}) turn by the angles whose cosines and sines
   * the row of the tables gives, backwards where `direction` is −1. `step` is the distance of rows, in elements.
   */
  void (*rotate)(int64_t rows, int64_t heads, int64_t width, int64_t step, float direction, const T* x, const float* cos,
                 const float* sin, T* out);
  /** silu(gate) · up, where a row holds `width` gates and then as many ups. */
  void (*swiglu)(int64_t rows, int64_t width, const T* gate_up, T* out);
  /** From d(out): d(gate and up), and `out` once more. */
  void (*swiglu_backward)(int64_t rows, int64_t width, const T* gate_up, const T* gradient, T* gate_up_gradient, T* out);
  /** out = x + y. */
  void (*add)(int64_t count, const float* x, const T* y, float* out);
  /** out = x, in the other type. */
  void (*cast)(int64_t count, const float* x, T* out);
  /** row += Σ of the rows of `x` that `members` lists, summed in float32. */
  void (*add_rows)(int64_t count, const int64_t* members, int64_t width, const float* x, T* row);
};

struct Elementwise {
  ElementwiseOf<float> of_float;
  ElementwiseOf<bf16> of_bf16;
};

namespace POSTTRAIN_LEVEL {
extern const Elementwise elementwise;
}

}  // namespace posttrain::kernels
