// AdamW in one pass over memory, and the sum of squares that clipping needs before it.
#include "optimizer.h"

#include "vector.h"

namespace posttrain::kernels::POSTTRAIN_LEVEL {
namespace {

template <class G>
void adamw(const AdamWStep& step, int64_t count, float* __restrict weight, float* __restrict mean,
           float* __restrict square, const G* __restrict gradient, bf16* __restrict copy) {
  const float keep = 1 - step.learning_rate * step.decay;
  const float rate = step.learning_rate / step.mean_correction;
  const float inverse = 1 / step.square_correction;
  each_vector(0, count, [&](int64_t i, auto extent) {
    const Vec g = get(gradient + i, extent) * step.gradient_scale;
    const Vec m = get(mean + i, extent) * step.beta1 + g * step.rest1;
    const Vec v = get(square + i, extent) * step.beta2 + g * g * step.rest2;
    const Vec w = get(weight + i, extent) * keep - rate * m / (square_root(v) * inverse + step.epsilon);
    put(mean + i, m, extent);
    put(square + i, v, extent);
    put(weight + i, w, extent);
    if (copy) put(copy + i, w, extent);
  });
}

/** float sums of a few hundred elements, added in double: exact enough at any size. */
template <class G>
double squared_sum(int64_t count, const G* __restrict x) {
  constexpr int64_t block = 64 * kLanes;
  double total = 0;
  for (int64_t begin = 0; begin < count; begin += block) {
    Vec part = all(0);
    each_vector(begin, begin + block < count ? begin + block : count, [&](int64_t i, auto extent) {
      const Vec value = get(x + i, extent);
      part += value * value;
    });
    total += sum(part);
  }
  return total;
}

}  // namespace

const Optimizer optimizer = {
    {adamw<float>, squared_sum<float>},
    {adamw<bf16>, squared_sum<bf16>},
};

}  // namespace posttrain::kernels::POSTTRAIN_LEVEL
