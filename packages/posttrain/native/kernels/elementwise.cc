#include "elementwise.h"

#include "vector.h"

namespace posttrain::kernels::POSTTRAIN_LEVEL {
namespace {

template <class T>
void rotate(int64_t rows, int64_t heads, int64_t width, int64_t step, float direction, const T* x, const float* cos,
            const float* sin, T* out) {
  const int64_t half = width / 2;
  for (int64_t row = 0; row < rows; row++) {
    const float* __restrict c = cos + row * width;
    const float* __restrict s = sin + row * width;
    for (int64_t head = 0; head < heads; head++) {
      const T* from = x + row * step + head * width;
      T* to = out + row * step + head * width;
      each_vector(0, half, [&](int64_t i, auto extent) {
        const Vec first = get(from + i, extent), second = get(from + half + i, extent);
        const Vec cosine = get(c + i, extent), sine = get(s + i, extent) * direction;
        put(to + i, first * cosine - second * sine, extent);
        put(to + half + i, second * cosine + first * sine, extent);
      });
    }
  }
}

template <class T>
void swiglu(int64_t rows, int64_t width, const T* gate_up, T* out) {
  for (int64_t row = 0; row < rows; row++) {
    const T* __restrict gate = gate_up + row * 2 * width;
    const T* __restrict up = gate + width;
    T* __restrict to = out + row * width;
    each_vector(0, width, [&](int64_t i, auto extent) {
      const Vec g = get(gate + i, extent);
      put(to + i, g / (exponential(-g) + 1.f) * get(up + i, extent), extent);
    });
  }
}

/** silu(g) = g·σ(g); d silu = σ(g)·(1 + g·(1 − σ(g))). */
template <class T>
void swiglu_backward(int64_t rows, int64_t width, const T* gate_up, const T* gradient, T* gate_up_gradient, T* out) {
  for (int64_t row = 0; row < rows; row++) {
    const T* __restrict gate = gate_up + row * 2 * width;
    const T* __restrict up = gate + width;
    const T* __restrict d = gradient + row * width;
    T* __restrict gate_gradient = gate_up_gradient + row * 2 * width;
    T* __restrict up_gradient = gate_gradient + width;
    T* __restrict to = out + row * width;
    each_vector(0, width, [&](int64_t i, auto extent) {
      const Vec g = get(gate + i, extent), u = get(up + i, extent), dy = get(d + i, extent);
      const Vec sigma = 1.f / (exponential(-g) + 1.f);
      const Vec silu = g * sigma;
      put(to + i, silu * u, extent);
      put(up_gradient + i, dy * silu, extent);
      put(gate_gradient + i, dy * u * (sigma + silu * (1.f - sigma)), extent);
    });
  }
}

template <class T>
void add(int64_t count, const float* __restrict x, const T* __restrict y, float* __restrict out) {
  each_vector(0, count, [&](int64_t i, auto extent) { put(out + i, get(x + i, extent) + get(y + i, extent), extent); });
}

template <class T>
void cast(int64_t count, const float* __restrict x, T* __restrict out) {
  each_vector(0, count, [&](int64_t i, auto extent) { put(out + i, get(x + i, extent), extent); });
}

template <class T>
void add_rows(int64_t count, const int64_t* members, int64_t width, const float* x, T* row) {
  each_vector(0, width, [&](int64_t i, auto extent) {
    Vec total = get(row + i, extent);
    for (int64_t k = 0; k < count; k++) total += get(x + members[k] * width + i, extent);
    put(row + i, total, extent);
  });
}

}  // namespace

const Elementwise elementwise = {
    {rotate<float>, swiglu<float>, swiglu_backward<float>, add<float>, cast<float>, add_rows<float>},
    {rotate<bf16>, swiglu<bf16>, swiglu_backward<bf16>, add<bf16>, cast<bf16>, add_rows<bf16>},
};

}  // namespace posttrain::kernels::POSTTRAIN_LEVEL
