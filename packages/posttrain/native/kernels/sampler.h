#pragma once
#include "element.h"

namespace posttrain::kernels {

/** How a token is chosen; a filter that is off has the value that lets everything through. */
struct Sampling {
  float temperature;  // 0: the likeliest
  int64_t top_k;      // the vocabulary's size: off
  double top_p;       // 1: off
  double min_p;       // 0: off
};

struct Sampled {
  int32_t token;
  float log_probability;
};

struct Sampler {
  /** Floats of scratch for a vocabulary. */
  int64_t (*scratch)(int64_t vocabulary);
  /** Chooses from one row of logits by a number in [0, 1). A NaN among the logits is chosen, with log-probability NaN. */
  Sampled (*sample)(const Sampling& sampling, int64_t vocabulary, const float* logits, double uniform, float* scratch);
};

namespace POSTTRAIN_LEVEL {
extern const Sampler sampler;
}

}  // namespace posttrain::kernels
