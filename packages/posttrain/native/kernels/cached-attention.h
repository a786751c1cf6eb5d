#pragma once
#include "element.h"

namespace posttrain::kernels {

/** Positions that lie together in the cache. A sequence's blocks may lie anywhere, and two sequences may share one. */
constexpr int64_t kCacheBlock = 16;

/** New tokens of several sequences, one sequence after the other, against all that their sequences hold so far. */
template <class T>
struct CachedAttention {
  int64_t heads, kv_heads, width;  // H, K, Dh
  int64_t line;                    // elements from one token to the next in `projected`
  T* projected;                    // [N, line]: H queries, K keys, K values of Dh each; queries and keys are turned in place
  const int32_t* starts;           // [sequences + 1], the first new token of each
  const int32_t* lengths;          // [sequences], tokens already cached
  const int32_t* blocks;           // [sequences, blocks_per_sequence], where the blocks of each lie, in order
  int64_t blocks_per_sequence;
  const float* cos;  // [positions, Dh], of which the first halves of the rows are read
  const float* sin;  // [positions, Dh]
  T* keys;           // [blocks, K, Dh/u, 16, u]: u neighbouring channels of a position, 2 in bf16 and 1 in float
  T* values;         // [blocks, K, 16/u, W, u]: u neighbouring positions, W channels: Dh rounded up to 16
  T* out;            // [N, H·Dh]
};

template <class T>
struct CachedAttentionOf {
  /** Turns one sequence's queries and keys of one key-value head by their positions, and caches its keys and values. */
  void (*store)(const CachedAttention<T>& attention, int64_t sequence, int64_t kv_head);
  /** Floats of scratch that `attend` needs for a sequence of this many tokens. */
  int64_t (*scratch)(int64_t tokens);
  /** Causal attention of the new tokens [begin, end) of one sequence, for the heads of one key-value head; all is stored before. */
  void (*attend)(const CachedAttention<T>& attention, int64_t sequence, int64_t kv_head, int64_t begin, int64_t end, float* scratch);
};

struct CachedAttentions {
  CachedAttentionOf<float> of_float;
  CachedAttentionOf<bf16> of_bf16;
};

namespace POSTTRAIN_LEVEL {
extern const CachedAttentions cached_attentions;
}

}  // namespace posttrain::kernels
