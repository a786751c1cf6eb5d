// The four autograd nodes that carry a decoder block, and those at its ends. Each computes forwards and backwards what a
// short piece of TypeScript in src/nn says in ATen operators, with less memory kept and moved: norms keep their
// normalised rows and no copy in float32, SwiGLU is computed again when its gradient is due.
#include "fused.h"

#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <numeric>

namespace posttrain {

using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;

at::Tensor cast_rows(const at::Tensor& x, at::ScalarType type) {
  if (type == at::kFloat) return x.contiguous();
  const auto from = x.contiguous();
  auto out = empty(x.sizes(), type);
  in_ranges(x.numel(), 1 << 14, x.numel(), [&](int64_t begin, int64_t end) {
    kernel_table().elementwise.of_bf16.cast(end - begin, view<float>(from) + begin, data<bf16>(out) + begin);
  });
  return out;
}

at::Tensor add_rows(const at::Tensor& x, const at::Tensor& y) {
  auto out = empty(x.sizes(), at::kFloat);
  by_type(y.scalar_type(), [&](auto element) {
    using T = decltype(element);
    in_ranges(x.numel(), 1 << 14, x.numel(), [&](int64_t begin, int64_t end) {
      kernels_of<T>(kernel_table().elementwise).add(end - begin, view<float>(x) + begin, view<T>(y) + begin, data<float>(out) + begin);
    });
  });
  return out;
}

namespace {

/** Several matrices with rows of equal length as one: a view where each begins in memory where the one before ends. */
struct Joined {
  at::Tensor matrix;  // undefined where they lie apart
  explicit Joined(at::TensorList parts) {
    int64_t rows = 0;
    for (const auto& part : parts) {
      const auto* expected = static_cast<const char*>(parts[0].const_data_ptr()) + rows * part.size(1) * part.element_size();
      if (!part.is_contiguous() || part.const_data_ptr() != expected || !part.is_alias_of(parts[0])) return;
      rows += part.size(0);
    }
    const int64_t width = parts[0].size(1);
    matrix = parts[0].detach().as_strided({rows, width}, {width, 1});
  }
};

int64_t total_rows(at::TensorList parts) {
  return std::accumulate(parts.begin(), parts.end(), int64_t{0}, [](int64_t sum, const auto& part) { return sum + part.size(0); });
}

}  // namespace

at::Tensor project(const at::Tensor& x, at::TensorList weights) {
  const Joined joined(weights);
  if (joined.matrix.defined()) return at::mm(x, joined.matrix.t());
  std::vector<at::Tensor> parts;
  for (const auto& weight : weights) parts.push_back(at::mm(x, weight.t()));
  return at::cat(parts, 1);
}

at::Tensor project_back(const at::Tensor& gradient, at::TensorList weights) {
  const Joined joined(weights);
  if (joined.matrix.defined()) return at::mm(gradient, joined.matrix);
  at::Tensor sum;
  int64_t at = 0;
  for (const auto& weight : weights) {
    const auto part = gradient.narrow(1, at, weight.size(0));
    sum = sum.defined() ? at::addmm(sum, part, weight) : at::mm(part, weight);
    at += weight.size(0);
  }
  return sum;
}

namespace {

/** Rows split over threads, with sums over rows [width] made per range and added in the order of ranges. */
template <class F>
at::Tensor with_column_sums(int64_t rows, int64_t width, const F& body) {
  const int64_t ranges = (rows + kRowRange - 1) / kRowRange;
  auto partial = at::zeros({ranges, width}, at::TensorOptions().dtype(at::kFloat));
  in_ranges(rows, kRowRange, rows * width, [&](int64_t begin, int64_t end) {
    body(begin, end, data<float>(partial) + begin / kRowRange * width);
  });
  auto out = at::zeros({width}, at::TensorOptions().dtype(at::kFloat));
  for (int64_t range = 0; range < ranges; range++)
    kernel_table().elementwise.of_float.add(width, data<float>(out), view<float>(partial) + range * width, data<float>(out));
  return out;
}

}  // namespace

Normed normalize(const at::Tensor& x, const at::Tensor& weight, double epsilon, at::ScalarType type) {
  const int64_t rows = x.size(0), width = x.size(1);
  Normed made{empty({rows, width}, type), empty({rows}, at::kFloat), empty({rows, width}, type)};
  by_type(type, [&](auto element) {
    using T = decltype(element);
    in_ranges(rows, kRowRange, rows * width, [&](int64_t begin, int64_t end) {
      kernels_of<T>(kernel_table().norm)
          .forward(end - begin, width, static_cast<float>(epsilon), view<float>(x) + begin * width, view<float>(weight),
                   data<T>(made.rows) + begin * width, data<float>(made.scale) + begin, data<T>(made.out) + begin * width);
    });
  });
  return made;
}

at::Tensor weigh(const at::Tensor& normed, const at::Tensor& weight) {
  const int64_t rows = normed.size(0), width = normed.size(1);
  auto out = at::empty_like(normed);
  by_type(normed.scalar_type(), [&](auto element) {
    using T = decltype(element);
    in_ranges(rows, kRowRange, rows * width, [&](int64_t begin, int64_t end) {
      kernels_of<T>(kernel_table().norm)
          .weigh(end - begin, width, view<T>(normed) + begin * width, view<float>(weight), data<T>(out) + begin * width);
    });
  });
  return out;
}

std::pair<at::Tensor, at::Tensor> norm_backward(const at::Tensor& gradient, const at::Tensor& normed,
                                                const at::Tensor& scale, const at::Tensor& weight) {
  const int64_t rows = normed.size(0), width = normed.size(1);
  auto x_gradient = empty({rows, width}, at::kFloat);
  auto weight_gradient = by_type(normed.scalar_type(), [&](auto element) {
    using T = decltype(element);
    return with_column_sums(rows, width, [&](int64_t begin, int64_t end, float* sums) {
      kernels_of<T>(kernel_table().norm)
          .backward(end - begin, width, view<T>(gradient) + begin * width, view<T>(normed) + begin * width,
                    view<float>(scale) + begin, view<float>(weight), data<float>(x_gradient) + begin * width, sums);
    });
  });
  return {x_gradient, weight_gradient};
}

at::Tensor swiglu(const at::Tensor& gate_up) {
  const int64_t rows = gate_up.size(0), width = gate_up.size(1) / 2;
  auto inner = empty({rows, width}, gate_up.scalar_type());
  by_type(gate_up.scalar_type(), [&](auto element) {
    using T = decltype(element);
    in_ranges(rows, kRowRange, rows * width, [&](int64_t begin, int64_t end) {
      kernels_of<T>(kernel_table().elementwise)
          .swiglu(end - begin, width, view<T>(gate_up) + begin * 2 * width, data<T>(inner) + begin * width);
    });
  });
  return inner;
}

std::pair<at::Tensor, at::Tensor> swiglu_backward(const at::Tensor& gate_up, const at::Tensor& inner_gradient) {
  const int64_t rows = gate_up.size(0), width = gate_up.size(1) / 2;
  auto gate_up_gradient = at::empty_like(gate_up);
  auto inner = empty({rows, width}, gate_up.scalar_type());
  by_type(gate_up.scalar_type(), [&](auto element) {
    using T = decltype(element);
    in_ranges(rows, kRowRange, rows * width, [&](int64_t begin, int64_t end) {
      kernels_of<T>(kernel_table().elementwise)
          .swiglu_backward(end - begin, width, view<T>(gate_up) + begin * 2 * width, view<T>(inner_gradient) + begin * width,
                           data<T>(gate_up_gradient) + begin * 2 * width, data<T>(inner) + begin * width);
    });
  });
  return {gate_up_gradient, inner};
}

void require_residual(const at::Tensor& x) { require(x.dim() == 2 && is_float_rows(x), "the residual stream is contiguous float32 [N, D] of the CPU"); }
void require_weight(const at::Tensor& weight) { require(weight.dim() == 2 && is_matrix_type(weight), "weights are float32 or bfloat16 [out, in] of the CPU"); }

namespace {

class NormLinear : public Function<NormLinear> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& norm, at::TensorList weights, double epsilon) {
    at::AutoDispatchBelowADInplaceOrView below;
    auto normed = normalize(x, norm, epsilon, weights[0].scalar_type());
    variable_list saved = {normed.rows, normed.scale, norm};
    saved.insert(saved.end(), weights.begin(), weights.end());
    context->save_for_backward(std::move(saved));
    return project(normed.out, weights);
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    at::AutoDispatchBelowADInplaceOrView below;
    const auto saved = context->get_saved_variables();
    const auto& [normed, scale, norm] = std::tie(saved[0], saved[1], saved[2]);
    const std::vector<at::Tensor> weights(saved.begin() + 3, saved.end());
    const auto gradient = gradients[0].contiguous();
    variable_list out(3 + weights.size());  // x, norm, the weights, ε
    bool any = false;
    for (size_t i = 0; i < weights.size(); i++) any |= context->needs_input_grad(2 + i);
    if (any) {
      const auto joint = at::mm(gradient.t(), weigh(normed, norm));
      int64_t at = 0;
      for (size_t i = 0; i < weights.size(); i++) {
        if (context->needs_input_grad(2 + i)) out[2 + i] = joint.narrow(0, at, weights[i].size(0));
        at += weights[i].size(0);
      }
    }
    // A frozen model's first block has neither: what comes before it learns nothing.
    if (context->needs_input_grad(0) || context->needs_input_grad(1))
      std::tie(out[0], out[1]) = norm_backward(project_back(gradient, weights), normed, scale, norm);
    return out;
  }
};

at::Tensor norm_linear(const at::Tensor& x, const at::Tensor& norm, at::TensorList weights, double epsilon) {
  require_residual(x);
  require(is_float_rows(norm), "a norm's weight is float32 [D] of the CPU");
  require(!weights.empty(), "norm_linear takes at least one weight");
  for (const auto& weight : weights) {
    require_weight(weight);
    require(weight.scalar_type() == weights[0].scalar_type() && weight.size(1) == x.size(1), "norm_linear takes weights [out, D] of one type");
  }
  return NormLinear::apply(x, norm, weights, epsilon);
}

class Norm : public Function<Norm> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& weight, double epsilon) {
    at::AutoDispatchBelowADInplaceOrView below;
    auto normed = normalize(x, weight, epsilon, at::kFloat);
    context->save_for_backward({normed.rows, normed.scale, weight});
    return normed.out;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    at::AutoDispatchBelowADInplaceOrView below;
    const auto saved = context->get_saved_variables();
    const auto [x, weight] = norm_backward(gradients[0].contiguous(), saved[0], saved[1], saved[2]);
    return {x, weight, at::Tensor()};
  }
};

at::Tensor norm(const at::Tensor& x, const at::Tensor& weight, double epsilon) {
  require_residual(x);
  require(is_float_rows(weight) && weight.numel() == x.size(1), "a norm's weight is float32 [D] of the CPU");
  return Norm::apply(x, weight, epsilon);
}

/** x + a · Wᵀ */
at::Tensor add_product(const at::Tensor& x, const at::Tensor& a, const at::Tensor& weight) {
  if (weight.scalar_type() == at::kFloat) return at::addmm(x, a, weight.t());
  return add_rows(x, at::mm(a, weight.t()));
}

class LinearResidual : public Function<LinearResidual> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& a, const at::Tensor& weight) {
    at::AutoDispatchBelowADInplaceOrView below;
    context->save_for_backward({a, weight});
    return add_product(x, a, weight);
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    at::AutoDispatchBelowADInplaceOrView below;
    const auto saved = context->get_saved_variables();
    const auto& [a, weight] = std::tie(saved[0], saved[1]);
    const auto gradient = cast_rows(gradients[0], weight.scalar_type());
    variable_list out = {gradients[0], at::Tensor(), at::Tensor()};
    if (context->needs_input_grad(1)) out[1] = at::mm(gradient, weight);
    if (context->needs_input_grad(2)) out[2] = at::mm(gradient.t(), a);
    return out;
  }
};

at::Tensor linear_residual(const at::Tensor& x, const at::Tensor& a, const at::Tensor& weight) {
  require_residual(x);
  require_weight(weight);
  require(a.scalar_type() == weight.scalar_type() && a.dim() == 2 && a.is_contiguous(), "linear_residual takes contiguous rows of the weight's type");
  return LinearResidual::apply(x, a, weight);
}

class SwigluLinearResidual : public Function<SwigluLinearResidual> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& gate_up, const at::Tensor& weight) {
    at::AutoDispatchBelowADInplaceOrView below;
    context->save_for_backward({gate_up, weight});
    return add_product(x, swiglu(gate_up), weight);
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    at::AutoDispatchBelowADInplaceOrView below;
    const auto saved = context->get_saved_variables();
    const auto& [gate_up, weight] = std::tie(saved[0], saved[1]);
    const auto gradient = cast_rows(gradients[0], weight.scalar_type());
    const auto [gate_up_gradient, inner] = swiglu_backward(gate_up, at::mm(gradient, weight));
    variable_list out = {gradients[0], gate_up_gradient, at::Tensor()};
    if (context->needs_input_grad(2)) out[2] = at::mm(gradient.t(), inner);
    return out;
  }
};

at::Tensor swiglu_linear_residual(const at::Tensor& x, const at::Tensor& gate_up, const at::Tensor& weight) {
  require_residual(x);
  require_weight(weight);
  require(gate_up.scalar_type() == weight.scalar_type() && gate_up.dim() == 2 && gate_up.is_contiguous() && gate_up.size(1) == 2 * weight.size(1),
          "swiglu_linear_residual takes contiguous [N, 2F] of the weight's type");
  return SwigluLinearResidual::apply(x, gate_up, weight);
}

}  // namespace
}  // namespace posttrain

TORCH_LIBRARY_FRAGMENT(posttrain, library) {
  library.def("norm_linear(Tensor x, Tensor norm, Tensor[] weights, float epsilon) -> Tensor", &posttrain::norm_linear);
  library.def("norm(Tensor x, Tensor weight, float epsilon) -> Tensor", &posttrain::norm);
  library.def("linear_residual(Tensor x, Tensor a, Tensor weight) -> Tensor", &posttrain::linear_residual);
  library.def("swiglu_linear_residual(Tensor x, Tensor gate_up, Tensor weight) -> Tensor", &posttrain::swiglu_linear_residual);
}
