#pragma once
#include "element.h"

namespace posttrain::kernels {

/** Log-probabilities of targets from rows of logits, summed in float32. */
template <class T>
struct LossOf {
  /** normalizer = log Σ exp(logits), logp = logit of the target − normalizer. */
  void (*forward)(int64_t rows, int64_t width, const T* logits, const int64_t* targets, float* logp, float* normalizer);
  /** Turns logits into their gradient: d(logp) · (one-hot(target) − softmax). */
  void (*backward)(int64_t rows, int64_t width, T* logits, const int64_t* targets, const float* normalizer, const float* gradient);
};

struct Loss {
  LossOf<float> of_float;
  LossOf<bf16> of_bf16;
};

namespace POSTTRAIN_LEVEL {
extern const Loss loss;
}

}  // namespace posttrain::kernels
