#pragma once
#include "element.h"

namespace posttrain::kernels {

/** Root-mean-square norm of float32 rows; T is the type that what follows computes in. */
template <class T>
struct NormOf {
  /** normed = x · scale with scale = 1 / √(mean(x²) + ε), and out = normed · weight. */
  void (*forward)(int64_t rows, int64_t width, float epsilon, const float* x, const float* weight, T* normed, float* scale, T* out);
  /** out = normed · weight, once more. */
  void (*weigh)(int64_t rows, int64_t width, const T* normed, const float* weight, T* out);
  /** From d(out): writes d(x), and adds d(weight) of these rows. */
  void (*backward)(int64_t rows, int64_t width, const T* gradient, const T* normed, const float* scale,
                   const float* weight, float* x_gradient, float* weight_gradient);
};

struct Norm {
  NormOf<float> of_float;
  NormOf<bf16> of_bf16;
};

namespace POSTTRAIN_LEVEL {
extern const Norm norm;
}

}  // namespace posttrain::kernels
