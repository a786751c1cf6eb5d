// Operators of the optimizer step, registered beside libtorch's own so that they are called the same way.
#include <torch/library.h>

#include <cmath>

#include "fused.h"

namespace posttrain {
namespace {

/** Elements of one task: large enough to cost nothing, small enough to spread a large matrix evenly. */
constexpr int64_t kBlock = 1 << 16;

struct Block {
  size_t tensor;
  int64_t begin, end;
};

std::vector<Block> blocks_of(at::TensorList tensors, int64_t* elements) {
  std::vector<Block> blocks;
  for (size_t i = 0; i < tensors.size(); i++) {
    const int64_t count = tensors[i].numel();
    *elements += count;
    for (int64_t begin = 0; begin < count; begin += kBlock) blocks.push_back({i, begin, std::min(count, begin + kBlock)});
  }
  return blocks;
}

bool is_plain(const at::Tensor& x, at::ScalarType type) { return x.is_cpu() && x.is_contiguous() && x.scalar_type() == type; }



/** Σ x² over all elements of all tensors. The order of the sum does not depend on the number of threads. */
double squared_sum(at::TensorList tensors) {
  for (const auto& x : tensors)
    require(is_plain(x, at::kFloat) || is_plain(x, at::kBFloat16), "squared_sum takes contiguous float32 or bfloat16 of the CPU");
  int64_t elements = 0;
  const auto blocks = blocks_of(tensors, &elements);
  std::vector<double> sums(blocks.size());
  const auto& optimizer = kernel_table().optimizer;
  in_parallel(static_cast<int64_t>(blocks.size()), elements, [&](int64_t task, int64_t) {
    const auto& [i, begin, end] = blocks[task];
    const auto& x = tensors[i];
    sums[task] = x.scalar_type() == at::kFloat ? optimizer.of_float.squared_sum(end - begin, x.const_data_ptr<float>() + begin)
                                               : optimizer.of_bf16.squared_sum(end - begin, view<bf16>(x) + begin);
  });
  double total = 0;
  for (double sum : sums) total += sum;
  return total;
}

/** One AdamW step of all `weights`; `copies` holds the bfloat16 tensor that follows each, or the weight itself. */
void adamw_(at::TensorList weights, at::TensorList gradients, at::TensorList means, at::TensorList squares,
            at::TensorList copies, double scale, double learning_rate, double beta1, double beta2, double epsilon,
            double decay, int64_t step) {
  const size_t count = weights.size();
  require(gradients.size() == count && means.size() == count && squares.size() == count && copies.size() == count,
          "adamw_ takes lists of equal length");
  for (size_t i = 0; i < count; i++) {
    const auto& g = gradients[i];
    require(is_plain(weights[i], at::kFloat) && is_plain(means[i], at::kFloat) && is_plain(squares[i], at::kFloat),
            "adamw_ takes contiguous float32 weights and means of the CPU");
    require(is_plain(g, at::kFloat) || is_plain(g, at::kBFloat16), "adamw_ takes contiguous float32 or bfloat16 gradients");
    require(copies[i].is_same(weights[i]) || is_plain(copies[i], at::kBFloat16), "adamw_ writes contiguous bfloat16 copies");
    const int64_t size = weights[i].numel();
    require(g.numel() == size && means[i].numel() == size && squares[i].numel() == size && copies[i].numel() == size,
            "adamw_ takes tensors of equal size");
  }
  const auto power = [&](double beta) { return std::pow(beta, static_cast<double>(step)); };
  kernels::AdamWStep settings;
  settings.gradient_scale = static_cast<float>(scale);
  settings.learning_rate = static_cast<float>(learning_rate);
  settings.beta1 = static_cast<float>(beta1);
  settings.beta2 = static_cast<float>(beta2);
  settings.rest1 = static_cast<float>(1 - beta1);
  settings.rest2 = static_cast<float>(1 - beta2);
  settings.epsilon = static_cast<float>(epsilon);
  settings.decay = static_cast<float>(decay);
  settings.mean_correction = static_cast<float>(1 - power(beta1));
  settings.square_correction = static_cast<float>(std::sqrt(1 - power(beta2)));
  int64_t elements = 0;
  const auto blocks = blocks_of(weights, &elements);
  const auto& optimizer = kernel_table().optimizer;
  in_parallel(static_cast<int64_t>(blocks.size()), elements, [&](int64_t task, int64_t) {
    const auto& [i, begin, end] = blocks[task];
    float* weight = weights[i].mutable_data_ptr<float>() + begin;
    float* mean = means[i].mutable_data_ptr<float>() + begin;
    float* square = squares[i].mutable_data_ptr<float>() + begin;
    auto* copy = copies[i].is_same(weights[i]) ? nullptr : data<bf16>(copies[i]) + begin;
    const auto& g = gradients[i];
    if (g.scalar_type() == at::kFloat)
      optimizer.of_float.adamw(settings, end - begin, weight, mean, square, g.const_data_ptr<float>() + begin, copy);
    else
      optimizer.of_bf16.adamw(settings, end - begin, weight, mean, square, view<bf16>(g) + begin, copy);
  });
}

}  // namespace
}  // namespace posttrain

TORCH_LIBRARY_FRAGMENT(posttrain, library) {
  library.def("squared_sum(Tensor[] x) -> float", &posttrain::squared_sum);
  library.def(
      "adamw_(Tensor(a!)[] weights, Tensor[] gradients, Tensor(b!)[] means, Tensor(c!)[] squares, Tensor(d!)[] copies, "
      "float scale, float learning_rate, float beta1, float beta2, float epsilon, float decay, int step) -> ()",
      &posttrain::adamw_);
}
