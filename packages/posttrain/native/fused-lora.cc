// The nodes of a frozen linear map with a trained low-rank pair beside it: y = W x + s · B (A x), Hu et al. 2021,
// arXiv:2106.09685, eq. 3. They are the nodes of fused-nodes.cc without the gradient of W; what a map is applied to is
// made once for both products, and W and B A share one result.
#include "fused.h"

#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

namespace posttrain {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;

/** The pairs of one node as one: A one above the other, B block by block down the diagonal, so that two products do for all. */
class Pairs {
 public:
  Pairs(at::TensorList a, at::TensorList b, at::TensorList weights, at::IntArrayRef of) {
    std::vector<int64_t> starts(weights.size());
    for (size_t i = 0; i < weights.size(); i++) {
      starts[i] = outputs_;
      outputs_ += weights[i].size(0);
    }
    int64_t column = 0;
    for (size_t i = 0; i < a.size(); i++) {
      blocks_.push_back({starts[of[i]], b[i].size(0), column, a[i].size(0)});
      column += a[i].size(0);
    }
    if (a.size() == 1 && weights.size() == 1) {
      down = a[0];
      up = b[0];
      return;
    }
    down = at::cat(a);
    up = at::zeros({outputs_, column}, b[0].options());
    for (size_t i = 0; i < b.size(); i++) block(up, i).copy_(b[i]);
  }

  /** Adds s · (x · Aᵀ) · Bᵀ to y. @returns x · Aᵀ, which the gradient of B is made from. */
  at::Tensor add_to(at::Tensor& y, const at::Tensor& x, double scale) const {
    const auto middle = at::mm(x, down.t());
    y.addmm_(middle, up.t(), 1, scale);
    return middle;
  }

  /** The gradient of x · Aᵀ. */
  at::Tensor middle_gradient(const at::Tensor& gradient, double scale) const { return at::mm(gradient, up).mul_(scale); }

  /** Gradients of every A, then of every B, from those of y and of x · Aᵀ. */
  void gradients(at::Tensor* out, const at::Tensor& gradient, const at::Tensor& middle_gradient, const at::Tensor& x,
                 const at::Tensor& middle, double scale) const {
    const auto of_down = at::mm(middle_gradient.t(), x);
    const auto of_up = at::mm(gradient.t(), middle).mul_(scale);
    for (size_t i = 0; i < blocks_.size(); i++) {
      out[i] = of_down.narrow(0, blocks_[i].column, blocks_[i].rank);
      out[blocks_.size() + i] = block(of_up, i).contiguous();
    }
  }

  at::Tensor down;  // [Σ rank, in]
  at::Tensor up;    // [Σ out, Σ rank]

 private:
  struct Block {
    int64_t row, outputs, column, rank;
  };

  at::Tensor block(const at::Tensor& matrix, size_t i) const {
    const auto& [row, outputs, column, rank] = blocks_[i];
    return matrix.narrow(0, row, outputs).narrow(1, column, rank);
  }

  std::vector<Block> blocks_;
  int64_t outputs_ = 0;
};

void require_pair(const at::Tensor& a, const at::Tensor& b, const at::Tensor& weight) {
  require(a.dim() == 2 && b.dim() == 2 && a.size(1) == weight.size(1) && b.size(0) == weight.size(0) && a.size(0) == b.size(1),
          "a low-rank pair is [rank, in] and [out, rank] beside a weight [out, in]");
  require(a.scalar_type() == weight.scalar_type() && b.scalar_type() == weight.scalar_type(), "a low-rank pair is of its weight's type");
  require(!weight.requires_grad(), "the weight beside a low-rank pair is frozen");
}

class NormLinearLora : public Function<NormLinearLora> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& norm, at::TensorList weights, at::TensorList a,
                            at::TensorList b, std::vector<int64_t> of, double epsilon, double scale) {
    at::AutoDispatchBelowADInplaceOrView below;
    auto normed = normalize(x, norm, epsilon, weights[0].scalar_type());
    auto y = project(normed.out, weights);
    const auto middle = Pairs(a, b, weights, of).add_to(y, normed.out, scale);
    variable_list saved = {normed.rows, normed.scale, norm, middle};
    for (const auto& list : {weights, a, b}) saved.insert(saved.end(), list.begin(), list.end());
    context->save_for_backward(std::move(saved));
    context->saved_data["of"] = of;
    context->saved_data["weights"] = static_cast<int64_t>(weights.size());
    context->saved_data["scale"] = scale;
    return y;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    at::AutoDispatchBelowADInplaceOrView below;
    const auto saved = context->get_saved_variables();
    const auto& [normed, norm_scale, norm, middle] = std::tie(saved[0], saved[1], saved[2], saved[3]);
    const auto of = context->saved_data["of"].toIntVector();
    const double scale = context->saved_data["scale"].toDouble();
    const size_t maps = context->saved_data["weights"].toInt(), pairs = of.size();
    const at::TensorList all(saved);
    const auto weights = all.slice(4, maps);
    const Pairs joint(all.slice(4 + maps, pairs), all.slice(4 + maps + pairs, pairs), weights, of);

    const auto gradient = gradients[0].contiguous();
    const auto middle_gradient = joint.middle_gradient(gradient, scale);
    variable_list out(2 + maps + 2 * pairs + 3);  // x, norm, weights, A, B; of, ε, s
    joint.gradients(&out[2 + maps], gradient, middle_gradient, weigh(normed, norm), middle, scale);
    if (context->needs_input_grad(0) || context->needs_input_grad(1)) {
      auto input_gradient = project_back(gradient, weights);
      input_gradient.addmm_(middle_gradient, joint.down);
      std::tie(out[0], out[1]) = norm_backward(input_gradient, normed, norm_scale, norm);
    }
    return out;
  }
};

at::Tensor norm_linear_lora(const at::Tensor& x, const at::Tensor& norm, at::TensorList weights, at::TensorList a, at::TensorList b,
                            at::IntArrayRef of, double epsilon, double scale) {
  require_residual(x);
  require(is_float_rows(norm), "a norm's weight is float32 [D] of the CPU");
  require(!weights.empty() && !a.empty() && a.size() == b.size() && a.size() == of.size(), "norm_linear_lora takes pairs, and the weight of each");
  for (const auto& weight : weights) {
    require_weight(weight);
    require(weight.scalar_type() == weights[0].scalar_type() && weight.size(1) == x.size(1), "norm_linear_lora takes weights [out, D] of one type");
  }
  for (size_t i = 0; i < a.size(); i++) {
    require(of[i] >= 0 && of[i] < static_cast<int64_t>(weights.size()), "a low-rank pair stands beside one of the weights");
    require_pair(a[i], b[i], weights[of[i]]);
  }
  return NormLinearLora::apply(x, norm, weights, a, b, of.vec(), epsilon, scale);
}

/** x + y, y = a · Wᵀ + s · B A a. @returns it with the product in the middle. */
std::pair<at::Tensor, at::Tensor> add_products(const at::Tensor& x, const at::Tensor& input, const at::Tensor& weight, const Pairs& pair, double scale) {
  const bool wide = weight.scalar_type() == at::kFloat;
  auto y = wide ? at::addmm(x, input, weight.t()) : at::mm(input, weight.t());
  const auto middle = pair.add_to(y, input, scale);
  return {wide ? y : add_rows(x, y), middle};
}

class LinearResidualLora : public Function<LinearResidualLora> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& input, const at::Tensor& weight, const at::Tensor& a,
                            const at::Tensor& b, double scale) {
    at::AutoDispatchBelowADInplaceOrView below;
    const auto [y, middle] = add_products(x, input, weight, Pairs(a, b, weight, 0), scale);
    context->save_for_backward({input, weight, a, b, middle});
    context->saved_data["scale"] = scale;
    return y;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    at::AutoDispatchBelowADInplaceOrView below;
    const auto saved = context->get_saved_variables();
    const auto& [input, weight, a, b, middle] = std::tie(saved[0], saved[1], saved[2], saved[3], saved[4]);
    const double scale = context->saved_data["scale"].toDouble();
    const Pairs pair(a, b, weight, 0);
    const auto gradient = cast_rows(gradients[0], weight.scalar_type());
    const auto middle_gradient = pair.middle_gradient(gradient, scale);
    variable_list out(6);  // x, input, weight, A, B; s
    out[0] = gradients[0];
    pair.gradients(&out[3], gradient, middle_gradient, input, middle, scale);
    if (context->needs_input_grad(1)) out[1] = at::mm(gradient, weight).addmm_(middle_gradient, a);
    return out;
  }
};

at::Tensor linear_residual_lora(const at::Tensor& x, const at::Tensor& input, const at::Tensor& weight, const at::Tensor& a, const at::Tensor& b, double scale) {
  require_residual(x);
  require_weight(weight);
  require_pair(a, b, weight);
  require(input.scalar_type() == weight.scalar_type() && input.dim() == 2 && input.is_contiguous(), "linear_residual_lora takes contiguous rows of the weight's type");
  return LinearResidualLora::apply(x, input, weight, a, b, scale);
}

class SwigluLinearResidualLora : public Function<SwigluLinearResidualLora> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& gate_up, const at::Tensor& weight, const at::Tensor& a,
                            const at::Tensor& b, double scale) {
    at::AutoDispatchBelowADInplaceOrView below;
    const auto [y, middle] = add_products(x, swiglu(gate_up), weight, Pairs(a, b, weight, 0), scale);
    context->save_for_backward({gate_up, weight, a, b, middle});
    context->saved_data["scale"] = scale;
    return y;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    at::AutoDispatchBelowADInplaceOrView below;
    const auto saved = context->get_saved_variables();
    const auto& [gate_up, weight, a, b, middle] = std::tie(saved[0], saved[1], saved[2], saved[3], saved[4]);
    const double scale = context->saved_data["scale"].toDouble();
    const Pairs pair(a, b, weight, 0);
    const auto gradient = cast_rows(gradients[0], weight.scalar_type());
    const auto middle_gradient = pair.middle_gradient(gradient, scale);
    const auto [gate_up_gradient, inner] = swiglu_backward(gate_up, at::mm(gradient, weight).addmm_(middle_gradient, a));
    variable_list out(6);  // x, gate_up, weight, A, B; s
    out[0] = gradients[0];
    out[1] = gate_up_gradient;
    pair.gradients(&out[3], gradient, middle_gradient, inner, middle, scale);
    return out;
  }
};

at::Tensor swiglu_linear_residual_lora(const at::Tensor& x, const at::Tensor& gate_up, const at::Tensor& weight, const at::Tensor& a, const at::Tensor& b, double scale) {
  require_residual(x);
  require_weight(weight);
  require_pair(a, b, weight);
  require(gate_up.scalar_type() == weight.scalar_type() && gate_up.dim() == 2 && gate_up.is_contiguous() && gate_up.size(1) == 2 * weight.size(1),
          "swiglu_linear_residual_lora takes contiguous [N, 2F] of the weight's type");
  return SwigluLinearResidualLora::apply(x, gate_up, weight, a, b, scale);
}

}  // namespace
}  // namespace posttrain

TORCH_LIBRARY_FRAGMENT(posttrain, library) {
  library.def("norm_linear_lora(Tensor x, Tensor norm, Tensor[] weights, Tensor[] a, Tensor[] b, int[] of, float epsilon, float scale) -> Tensor",
              &posttrain::norm_linear_lora);
  library.def("linear_residual_lora(Tensor x, Tensor input, Tensor weight, Tensor a, Tensor b, float scale) -> Tensor", &posttrain::linear_residual_lora);
  library.def("swiglu_linear_residual_lora(Tensor x, Tensor gate_up, Tensor weight, Tensor a, Tensor b, float scale) -> Tensor",
              &posttrain::swiglu_linear_residual_lora);
}
