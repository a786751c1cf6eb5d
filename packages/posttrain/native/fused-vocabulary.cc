// The two ends of a model that touch the vocabulary: log-probabilities of targets, and the embedding.
#include "fused.h"

#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <numeric>

namespace posttrain {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;

/** Rows of logits of one task: few, since each is long. */
constexpr int64_t kLogitRows = 4;

/** log softmax(hidden · Wᵀ) at the targets. The logits become their own gradient in place: backward can run once. */
class TargetLogps : public Function<TargetLogps> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& hidden, const at::Tensor& weight, const at::Tensor& targets) {
    at::AutoDispatchBelowADInplaceOrView below;
    const auto states = cast_rows(hidden, weight.scalar_type());
    const auto logits = at::mm(states, weight.t());
    const int64_t rows = logits.size(0), width = logits.size(1);
    auto logps = empty({rows}, at::kFloat), normalizer = empty({rows}, at::kFloat);
    by_type(logits.scalar_type(), [&](auto element) {
      using T = decltype(element);
      in_ranges(rows, kLogitRows, rows * width, [&](int64_t begin, int64_t end) {
        kernels_of<T>(kernel_table().loss)
            .forward(end - begin, width, view<T>(logits) + begin * width, view<int64_t>(targets) + begin,
                     data<float>(logps) + begin, data<float>(normalizer) + begin);
      });
    });
    context->save_for_backward({states, weight, targets, normalizer, logits});
    return logps;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    at::AutoDispatchBelowADInplaceOrView below;
    const auto saved = context->get_saved_variables();
    const auto &states = saved[0], &weight = saved[1], &targets = saved[2], &normalizer = saved[3], &logits = saved[4];
    TORCH_CHECK(context->saved_data.find("used") == context->saved_data.end(),
                "posttrain: target_logps overwrites its logits: backward can run once");
    context->saved_data["used"] = true;
    const int64_t rows = logits.size(0), width = logits.size(1);
    const auto gradient = gradients[0].contiguous();
    by_type(logits.scalar_type(), [&](auto element) {
      using T = decltype(element);
      in_ranges(rows, kLogitRows, rows * width, [&](int64_t begin, int64_t end) {
        kernels_of<T>(kernel_table().loss)
            .backward(end - begin, width, data<T>(logits) + begin * width, view<int64_t>(targets) + begin,
                      view<float>(normalizer) + begin, view<float>(gradient) + begin);
      });
    });
    variable_list out(3);
    if (context->needs_input_grad(0)) out[0] = at::mm(logits, weight).to(at::kFloat);
    if (context->needs_input_grad(1)) out[1] = at::mm(logits.t(), states);
    return out;
  }
};

at::Tensor target_logps(const at::Tensor& hidden, const at::Tensor& weight, const at::Tensor& targets) {
  require(hidden.dim() == 2 && is_float_rows(hidden), "hidden states are contiguous float32 [M, D] of the CPU");
  require(weight.dim() == 2 && is_matrix_type(weight) && weight.size(1) == hidden.size(1), "the head is float32 or bfloat16 [V, D] of the CPU");
  require(targets.is_cpu() && targets.scalar_type() == at::kLong && targets.is_contiguous() && targets.numel() == hidden.size(0),
          "targets are int64 [M]");
  const auto* ids = view<int64_t>(targets);
  for (int64_t i = 0; i < targets.numel(); i++)
    TORCH_CHECK(ids[i] >= 0 && ids[i] < weight.size(0), "posttrain: target ", ids[i], " is outside the vocabulary of ", weight.size(0));
  return TargetLogps::apply(hidden, weight, targets);
}

/**
 * Rows of a table in float32, read from `values`, which are the table's own or what it was rounded from. The table's
 * gradient is summed in float32 and rounded once for each row.
 */
class Embedding : public Function<Embedding> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& weight, const at::Tensor& ids, const at::Tensor& values) {
    at::AutoDispatchBelowADInplaceOrView below;
    context->save_for_backward({weight, ids});
    return at::index_select(values, 0, ids).to(at::kFloat);
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    at::AutoDispatchBelowADInplaceOrView below;
    const auto saved = context->get_saved_variables();
    const auto &weight = saved[0], &ids = saved[1];
    const auto gradient = gradients[0].contiguous();
    // Where the table has a gradient already, as a tied head gives it, its rows are added to: a second matrix of the
    // vocabulary's size would cost more than all the sums.
    const auto& present = weight.grad();
    const bool in_place = present.defined() && present.is_contiguous() && present.scalar_type() == weight.scalar_type();
    const auto table = in_place ? present : at::zeros_like(weight);
    add_to_rows(table, ids, gradient);
    return {in_place ? at::Tensor() : table, at::Tensor(), at::Tensor()};
  }

 private:
  static void add_to_rows(const at::Tensor& table, const at::Tensor& ids, const at::Tensor& gradient) {
    const auto* id = view<int64_t>(ids);
    const int64_t count = ids.numel(), width = table.size(1);
    std::vector<int64_t> order(count);
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) { return id[a] < id[b]; });
    std::vector<int64_t> starts;
    for (int64_t i = 0; i < count; i++)
      if (i == 0 || id[order[i]] != id[order[i - 1]]) starts.push_back(i);
    const auto distinct = static_cast<int64_t>(starts.size());
    starts.push_back(count);
    by_type(table.scalar_type(), [&](auto element) {
      using T = decltype(element);
      in_ranges(distinct, 16, count * width, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; i++)
          kernels_of<T>(kernel_table().elementwise)
              .add_rows(starts[i + 1] - starts[i], order.data() + starts[i], width, view<float>(gradient),
                        data<T>(table) + id[order[starts[i]]] * width);
      });
    });
  }
};

at::Tensor embedding(const at::Tensor& weight, const at::Tensor& ids, const at::Tensor& values) {
  require(weight.dim() == 2 && is_matrix_type(weight) && weight.is_contiguous(), "the table is contiguous float32 or bfloat16 [V, D] of the CPU");
  require(ids.is_cpu() && ids.scalar_type() == at::kLong && ids.is_contiguous() && ids.dim() == 1, "ids are int64 [N]");
  require(values.sizes() == weight.sizes() && values.is_cpu(), "values are as many as the table's");
  return Embedding::apply(weight, ids, values.detach());
}

}  // namespace
}  // namespace posttrain

TORCH_LIBRARY_FRAGMENT(posttrain, library) {
  library.def("target_logps(Tensor hidden, Tensor weight, Tensor targets) -> Tensor", &posttrain::target_logps);
  library.def("embedding(Tensor weight, Tensor ids, Tensor values) -> Tensor", &posttrain::embedding);
}
