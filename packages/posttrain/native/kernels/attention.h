#pragma once
#include "element.h"

namespace posttrain::kernels {

/** One token's row holds `heads` queries, then `kv_heads` keys, then as many values, each of `width` elements. */
struct AttentionShape {
  int64_t heads, kv_heads, width;
  float scale;  // of the dot products, before softmax

  int64_t row() const { return (heads + 2 * kv_heads) * width; }
};

/** Queries, and the keys and values that they look at. Steps lead from one token's heads to the next one's, in elements. */
template <class T>
struct AttentionSpan {
  const T *query, *key, *value;
  int64_t query_step, key_step, value_step;
  int64_t queries, keys;
  bool causal;  // a query sees the keys up to its own place, of as many as there are queries; or all

  /** A document whose tokens' rows hold all three. */
  static AttentionSpan of_rows(const AttentionShape& shape, int64_t length, const T* qkv) {
    const T* key = qkv + shape.heads * shape.width;
    return {qkv, key, key + shape.kv_heads * shape.width, shape.row(), shape.row(), shape.row(), length, length, true};
  }
};

/**
 * Softmax attention within one document, for the queries that share one key-value head. Pointers are those of the
 * document's first token; `scratch` is memory of the caller's, aligned to 64 bytes.
 */
template <class T>
struct AttentionOf {
  /** Bytes of scratch for a document of `length` keys, enough for both directions. */
  int64_t (*scratch_bytes)(const AttentionShape& shape, int64_t length);
  /** out [queries, heads · width]; normalizer [queries, heads] gets log Σ exp of the scaled dot products. */
  void (*forward)(const AttentionShape& shape, const AttentionSpan<T>& span, int64_t kv_head, T* out, float* normalizer, void* scratch);
  /** From d(out): the gradients of this head's part of qkv. */
  void (*backward)(const AttentionShape& shape, int64_t length, int64_t kv_head, const T* qkv, const T* out,
                   const T* gradient, const float* normalizer, T* qkv_gradient, void* scratch);
};

struct Attention {
  AttentionOf<float> of_float;
  AttentionOf<bf16> of_bf16;
};

namespace POSTTRAIN_LEVEL {
extern const Attention attention;
}

}  // namespace posttrain::kernels
