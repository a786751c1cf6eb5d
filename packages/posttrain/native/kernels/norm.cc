#include "norm.h"

#include "vector.h"

namespace posttrain::kernels::POSTTRAIN_LEVEL {
namespace {

template <class T>
void forward(int64_t rows, int64_t width, float epsilon, const float* x, const float* __restrict weight, T* normed,
             float* scale, T* out) {
  for (int64_t row = 0; row < rows; row++) {
    const float* __restrict from = x + row * width;
    T* __restrict hat = normed + row * width;
    T* __restrict to = out + row * width;
    Vec squares = all(0);
    each_vector(0, width, [&](int64_t i, auto extent) {
      const Vec value = get(from + i, extent);
      squares += value * value;
    });
    const float root = 1 / __builtin_sqrtf(sum(squares) / static_cast<float>(width) + epsilon);
    scale[row] = root;
    each_vector(0, width, [&](int64_t i, auto extent) {
      const Vec value = get(from + i, extent) * root;
      put(hat + i, value, extent);
      put(to + i, value * get(weight + i, extent), extent);
    });
  }
}

template <class T>
void weigh(int64_t rows, int64_t width, const T* normed, const float* __restrict weight, T* out) {
  for (int64_t row = 0; row < rows; row++) {
    const T* __restrict from = normed + row * width;
    T* __restrict to = out + row * width;
    each_vector(0, width, [&](int64_t i, auto extent) { put(to + i, get(from + i, extent) * get(weight + i, extent), extent); });
  }
}

/** With y = w ∘ x̂ and x̂ = x·s: dx = s·(g∘w − x̂ · mean(g∘w∘x̂)), dw = Σ g∘x̂. */
template <class T>
void backward(int64_t rows, int64_t width, const T* gradient, const T* normed, const float* scale,
              const float* __restrict weight, float* x_gradient, float* __restrict weight_gradient) {
  for (int64_t row = 0; row < rows; row++) {
    const T* __restrict g = gradient + row * width;
    const T* __restrict hat = normed + row * width;
    float* __restrict to = x_gradient + row * width;
    Vec products = all(0);
    each_vector(0, width, [&](int64_t i, auto extent) {
      const Vec product = get(g + i, extent) * get(hat + i, extent);
      products += product * get(weight + i, extent);
      put(weight_gradient + i, get(weight_gradient + i, extent) + product, extent);
    });
    const float mean = sum(products) / static_cast<float>(width);
    each_vector(0, width, [&](int64_t i, auto extent) {
      const Vec value = get(g + i, extent) * get(weight + i, extent) - get(hat + i, extent) * mean;
      put(to + i, value * scale[row], extent);
    });
  }
}

}  // namespace

const Norm norm = {
    {forward<float>, weigh<float>, backward<float>},
    {forward<bf16>, weigh<bf16>, backward<bf16>},
};

}  // namespace posttrain::kernels::POSTTRAIN_LEVEL
