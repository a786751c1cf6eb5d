// What the fused nodes share: typed memory of tensors, kernels by element type, and products with weights.
#pragma once
#include <ATen/ATen.h>

#include "levels.h"

namespace posttrain {

using kernels::bf16;

/** Rows of one task where sums over rows are made per range: the same ranges whatever the number of threads. */
constexpr int64_t kRowRange = 64;

inline void require(bool condition, const char* what) { TORCH_CHECK(condition, "posttrain: ", what); }

template <class T>
T* data(const at::Tensor& x) { return static_cast<T*>(x.data_ptr()); }

template <class T>
const T* view(const at::Tensor& x) { return static_cast<const T*>(x.const_data_ptr()); }

inline bool is_matrix_type(const at::Tensor& x) {
  return x.is_cpu() && (x.scalar_type() == at::kFloat || x.scalar_type() == at::kBFloat16);
}

inline bool is_float_rows(const at::Tensor& x) { return x.is_cpu() && x.scalar_type() == at::kFloat && x.is_contiguous(); }

/** Calls `body` with a value of the C++ type of float32 or bfloat16 elements. */
template <class F>
auto by_type(at::ScalarType type, F body) {
  return type == at::kFloat ? body(float{}) : body(bf16{});
}

/** The member of a pair of kernels that works on T. */
template <class T, class K>
const auto& kernels_of(const K& both) {
  if constexpr (std::is_same_v<T, float>) return both.of_float;
  else return both.of_bf16;
}

inline at::Tensor empty(at::IntArrayRef sizes, at::ScalarType type) { return at::empty(sizes, at::TensorOptions().dtype(type)); }

/** float32 rows in `type`; themselves where they are already. */
at::Tensor cast_rows(const at::Tensor& x, at::ScalarType type);

/** float32 x + y, y of any matrix type: a new tensor. */
at::Tensor add_rows(const at::Tensor& x, const at::Tensor& y);

/** x · [W₁; W₂; …]ᵀ */
at::Tensor project(const at::Tensor& x, at::TensorList weights);

/** dy · [W₁; W₂; …] */
at::Tensor project_back(const at::Tensor& gradient, at::TensorList weights);

struct Normed {
  at::Tensor rows;   // normalised, without weight
  at::Tensor scale;  // [N]
  at::Tensor out;
};

/** Root-mean-square norm of float32 rows, its results in `type`. */
Normed normalize(const at::Tensor& x, const at::Tensor& weight, double epsilon, at::ScalarType type);

/** Normalised rows times the norm's weight: `Normed::out` made again. */
at::Tensor weigh(const at::Tensor& normed, const at::Tensor& weight);

/** d(x) and d(weight) of a norm from the gradient of its result. */
std::pair<at::Tensor, at::Tensor> norm_backward(const at::Tensor& gradient, const at::Tensor& normed,
                                                const at::Tensor& scale, const at::Tensor& weight);

/** silu(gate) ∘ up of gates before ups: [N, 2F] → [N, F]. */
at::Tensor swiglu(const at::Tensor& gate_up);

/** d(gate_up) from the gradient of `swiglu`, and `swiglu` made again. */
std::pair<at::Tensor, at::Tensor> swiglu_backward(const at::Tensor& gate_up, const at::Tensor& inner_gradient);

void require_residual(const at::Tensor& x);
void require_weight(const at::Tensor& weight);

}  // namespace posttrain
