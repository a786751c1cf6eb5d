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

}  // namespace posttrain
