// The autograd node of rotary embedding and causal attention over packed documents; and attention to given keys, without gradient.
#include "fused.h"

#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <numeric>

namespace posttrain {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;

/** Rotates the queries and keys of every row of qkv; values are copied. */
template <class T>
void rotate_rows(const kernels::AttentionShape& shape, const at::Tensor& from, const at::Tensor& cos, const at::Tensor& sin,
                 float direction, const at::Tensor& to) {
  const int64_t rows = from.size(0), step = shape.row(), rotated = (shape.heads + shape.kv_heads) * shape.width;
  in_ranges(rows, kRowRange, rows * step, [&](int64_t begin, int64_t end) {
    kernels_of<T>(kernel_table().elementwise)
        .rotate(end - begin, shape.heads + shape.kv_heads, shape.width, step, direction, view<T>(from) + begin * step,
                view<float>(cos) + begin * shape.width, view<float>(sin) + begin * shape.width, data<T>(to) + begin * step);
    if (from.is_same(to)) return;
    for (int64_t row = begin; row < end; row++)
      std::memcpy(data<T>(to) + row * step + rotated, view<T>(from) + row * step + rotated, (step - rotated) * sizeof(T));
  });
}

/** Calls `body(document, kv_head, scratch)` for each document and key-value head, those with the most keys first. */
template <class T, class F>
void each_document(const kernels::AttentionShape& shape, const at::Tensor& bounds, const F& body) {
  const auto* bound = view<int64_t>(bounds);
  const int64_t documents = bounds.numel() - 1;
  std::vector<int64_t> order(documents);
  std::iota(order.begin(), order.end(), 0);
  const auto length = [&](int64_t document) { return bound[document + 1] - bound[document]; };
  std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) { return length(a) > length(b); });
  int64_t work = 0;
  for (int64_t document : order) work += length(document) * length(document) * shape.heads;
  const int64_t tasks = documents * shape.kv_heads;
  const int64_t bytes = kernels_of<T>(kernel_table().attention).scratch_bytes(shape, documents ? length(order[0]) : 0);
  const int64_t step = (bytes + 63) / 64 * 64;
  const auto scratch = empty({workers_for(tasks, work) * step}, at::kByte);  // libtorch aligns to 64 bytes
  in_parallel(tasks, work, [&](int64_t task, int64_t worker) {
    const int64_t document = order[task / shape.kv_heads];
    body(document, task % shape.kv_heads, data<char>(scratch) + worker * step);
  });
}

class RotaryAttention : public Function<RotaryAttention> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& qkv, const at::Tensor& cos, const at::Tensor& sin,
                            const at::Tensor& bounds, int64_t heads, int64_t kv_heads, double scale) {
    at::AutoDispatchBelowADInplaceOrView below;
    const int64_t rows = qkv.size(0);
    const kernels::AttentionShape shape{heads, kv_heads, qkv.size(1) / (heads + 2 * kv_heads), static_cast<float>(scale)};
    auto rotated = at::empty_like(qkv);
    auto out = empty({rows, heads * shape.width}, qkv.scalar_type());
    auto normalizer = empty({rows, heads}, at::kFloat);
    by_type(qkv.scalar_type(), [&](auto element) {
      using T = decltype(element);
      rotate_rows<T>(shape, qkv, cos, sin, 1, rotated);
      const auto* bound = view<int64_t>(bounds);
      each_document<T>(shape, bounds, [&](int64_t document, int64_t kv_head, void* scratch) {
        const int64_t start = bound[document], length = bound[document + 1] - start;
        kernels_of<T>(kernel_table().attention)
            .forward(shape, kernels::AttentionSpan<T>::of_rows(shape, length, view<T>(rotated) + start * shape.row()), kv_head,
                     data<T>(out) + start * heads * shape.width, data<float>(normalizer) + start * heads, scratch);
      });
    });
    context->save_for_backward({rotated, out, normalizer, cos, sin, bounds});
    context->saved_data["heads"] = heads;
    context->saved_data["kv_heads"] = kv_heads;
    context->saved_data["scale"] = scale;
    return out;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    at::AutoDispatchBelowADInplaceOrView below;
    const auto saved = context->get_saved_variables();
    const auto &rotated = saved[0], &out = saved[1], &normalizer = saved[2], &cos = saved[3], &sin = saved[4], &bounds = saved[5];
    const int64_t heads = context->saved_data["heads"].toInt(), kv_heads = context->saved_data["kv_heads"].toInt();
    const kernels::AttentionShape shape{heads, kv_heads, rotated.size(1) / (heads + 2 * kv_heads),
                                        static_cast<float>(context->saved_data["scale"].toDouble())};
    const auto gradient = gradients[0].contiguous();
    auto qkv_gradient = at::empty_like(rotated);
    by_type(rotated.scalar_type(), [&](auto element) {
      using T = decltype(element);
      const auto* bound = view<int64_t>(bounds);
      each_document<T>(shape, bounds, [&](int64_t document, int64_t kv_head, void* scratch) {
        const int64_t start = bound[document], length = bound[document + 1] - start;
        const int64_t out_at = start * heads * shape.width;
        kernels_of<T>(kernel_table().attention)
            .backward(shape, length, kv_head, view<T>(rotated) + start * shape.row(), view<T>(out) + out_at, view<T>(gradient) + out_at,
                      view<float>(normalizer) + start * heads, data<T>(qkv_gradient) + start * shape.row(), scratch);
      });
      rotate_rows<T>(shape, qkv_gradient, cos, sin, -1, qkv_gradient);
    });
    variable_list all(7);
    all[0] = qkv_gradient;
    return all;
  }
};

void require_bounds(const at::Tensor& bounds, int64_t rows) {
  require(bounds.is_cpu() && bounds.scalar_type() == at::kLong && bounds.is_contiguous() && bounds.dim() == 1 && bounds.numel() >= 2,
          "bounds are int64 [documents + 1]");
  const auto* bound = view<int64_t>(bounds);
  bool rising = bound[0] == 0 && bound[bounds.numel() - 1] == rows;
  for (int64_t i = 1; i < bounds.numel(); i++) rising &= bound[i] > bound[i - 1];
  require(rising, "bounds rise from 0 to the number of rows");
}

at::Tensor rotary_attention(const at::Tensor& qkv, const at::Tensor& cos, const at::Tensor& sin, const at::Tensor& bounds,
                            int64_t heads, int64_t kv_heads, double scale) {
  require(qkv.dim() == 2 && is_matrix_type(qkv) && qkv.is_contiguous(), "rotary_attention takes contiguous float32 or bfloat16 rows of the CPU");
  require(heads > 0 && kv_heads > 0 && heads % kv_heads == 0 && qkv.size(1) % (heads + 2 * kv_heads) == 0,
          "a row of qkv holds heads + 2 * kv_heads heads, and kv_heads divides heads");
  const int64_t width = qkv.size(1) / (heads + 2 * kv_heads);
  require(width % 2 == 0, "heads have an even width");
  for (const auto& table : {cos, sin})
    require(is_float_rows(table) && table.numel() == qkv.size(0) * width, "the rotary tables are contiguous float32 [N, Dh]");
  require_bounds(bounds, qkv.size(0));
  return RotaryAttention::apply(qkv, cos, sin, bounds, heads, kv_heads, scale);
}

/** Rows of heads that lie together, whatever stands between one row and the next. */
bool is_heads(const at::Tensor& x) {
  return is_matrix_type(x) && x.dim() == 3 && x.stride(2) == 1 && x.stride(1) == x.size(2);
}

/** Softmax attention of the documents' queries to their keys: out [N, H, Dh], and log Σ exp of each softmax, float32 [N, H]. */
std::tuple<at::Tensor, at::Tensor> attend(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value,
                                          const at::Tensor& query_bounds, const at::Tensor& key_bounds, bool causal, double scale) {
  require(is_heads(query) && is_heads(key) && is_heads(value), "attend takes float32 or bfloat16 [N, heads, Dh] of the CPU");
  require(query.scalar_type() == key.scalar_type() && key.scalar_type() == value.scalar_type(), "query, key and value have one type");
  require(key.sizes() == value.sizes() && key.size(2) == query.size(2), "key and value are [S, K, Dh], query [N, H, Dh]");
  const kernels::AttentionShape shape{query.size(1), key.size(1), query.size(2), static_cast<float>(scale)};
  require(shape.kv_heads > 0 && shape.heads > 0 && shape.heads % shape.kv_heads == 0, "the heads of key and value divide those of query");
  require_bounds(query_bounds, query.size(0));
  require_bounds(key_bounds, key.size(0));
  require(query_bounds.numel() == key_bounds.numel(), "queries and keys are of as many documents");
  require(!causal || at::equal(query_bounds, key_bounds), "a causal document has as many keys as queries");
  auto out = empty({query.size(0), shape.heads, shape.width}, query.scalar_type());
  auto normalizer = empty({query.size(0), shape.heads}, at::kFloat);
  by_type(query.scalar_type(), [&](auto element) {
    using T = decltype(element);
    const auto *query_bound = view<int64_t>(query_bounds), *key_bound = view<int64_t>(key_bounds);
    each_document<T>(shape, key_bounds, [&](int64_t document, int64_t kv_head, void* scratch) {
      const int64_t first = query_bound[document], first_key = key_bound[document];
      const kernels::AttentionSpan<T> span{view<T>(query) + first * query.stride(0), view<T>(key) + first_key * key.stride(0),
                                           view<T>(value) + first_key * value.stride(0), query.stride(0), key.stride(0), value.stride(0),
                                           query_bound[document + 1] - first, key_bound[document + 1] - first_key, causal};
      kernels_of<T>(kernel_table().attention)
          .forward(shape, span, kv_head, data<T>(out) + first * shape.heads * shape.width, data<float>(normalizer) + first * shape.heads, scratch);
    });
  });
  return {out, normalizer};
}

}  // namespace
}  // namespace posttrain

TORCH_LIBRARY_FRAGMENT(posttrain, library) {
  library.def("rotary_attention(Tensor qkv, Tensor cos, Tensor sin, Tensor bounds, int heads, int kv_heads, float scale) -> Tensor",
              &posttrain::rotary_attention);
  library.def("attend(Tensor query, Tensor key, Tensor value, Tensor query_bounds, Tensor key_bounds, bool causal, float scale) -> (Tensor, Tensor)",
              &posttrain::attend);
}
