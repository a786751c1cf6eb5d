#pragma once
#include "element.h"

namespace posttrain::kernels {

/** What one AdamW step knows beside the tensors. */
struct AdamWStep {
  float gradient_scale;  // what every gradient is multiplied by: the clip factor
  float learning_rate;
  float beta1, beta2;
  float rest1, rest2;  // 1 − β, rounded once
  float epsilon;
  float decay;
  float mean_correction;    // 1 − β₁ᵗ
  float square_correction;  // √(1 − β₂ᵗ)
};

template <class G>
struct OptimizerOf {
  /** Elements [0, count) of one parameter; `copy` gets the new weight in bf16, unless it is null. */
  void (*adamw)(const AdamWStep& step, int64_t count, float* weight, float* mean, float* square, const G* gradient, bf16* copy);
  /** Σ x² over [0, count). */
  double (*squared_sum)(int64_t count, const G* x);
};

struct Optimizer {
  OptimizerOf<float> of_float;
  OptimizerOf<bf16> of_bf16;
};

namespace POSTTRAIN_LEVEL {
extern const Optimizer optimizer;
}

}  // namespace posttrain::kernels
