#include "loss.h"

#include "vector.h"

namespace posttrain::kernels::POSTTRAIN_LEVEL {
namespace {

template <class T>
void forward(int64_t rows, int64_t width, const T* logits, const int64_t* targets, float* logp, float* normalizer) {
  const float lowest = -__builtin_inff();
  for (int64_t row = 0; row < rows; row++) {
    const T* __restrict x = logits + row * width;
    Vec most = all(lowest);
    each_vector(0, width, [&](int64_t i, auto extent) { most = larger(get(x + i, extent, lowest), most); });
    const float top = largest(most);
    // A NaN that the maximum passed over makes this sum NaN; so does an infinite maximum.
    Vec total = all(0);
    each_vector(0, width, [&](int64_t i, auto extent) { total += exponential(get(x + i, extent, lowest) - top); });
    const float log_sum = top + __builtin_logf(sum(total));
    normalizer[row] = log_sum;
    logp[row] = widen(x[targets[row]]) - log_sum;
  }
}

template <class T>
void backward(int64_t rows, int64_t width, T* logits, const int64_t* targets, const float* normalizer, const float* gradient) {
  for (int64_t row = 0; row < rows; row++) {
    T* __restrict x = logits + row * width;
    const float g = gradient[row], log_sum = normalizer[row];
    T* target = x + targets[row];
    const Vec chosen = exponential(all(widen(*target) - log_sum));
    each_vector(0, width, [&](int64_t i, auto extent) {
      put(x + i, exponential(get(x + i, extent) - log_sum) * -g, extent);
    });
    put(target, (1.f - chosen) * g, Part{1});
  }
}

}  // namespace

const Loss loss = {
    {forward<float>, backward<float>},
    {forward<bf16>, backward<bf16>},
};

}  // namespace posttrain::kernels::POSTTRAIN_LEVEL
