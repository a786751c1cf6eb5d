// Rotary embedding, cache and attention of decoding in one: the same code runs a prompt and a single token.
#include "cached-attention.h"

#include "units.h"

namespace posttrain::kernels::POSTTRAIN_LEVEL {
namespace {

constexpr int kBlockVectors = kCacheBlock / kLanes;
/** Queries that are answered at once, by how many sums the registers hold. */
constexpr int kTile = kLanes == 16 ? 8 : kLanes == 8 ? 3 : 1;

template <class T>
using Unit = typename Products<T>::Unit;

/** Turns the pairs (x_i, x_{i+Dh/2}) by one position's angles. */
template <class T>
POSTTRAIN_INLINE void turn(T* x, int64_t width, const float* cos, const float* sin) {
  const int64_t half = width / 2;
  each_vector(0, half, [&](int64_t i, auto extent) {
    const Vec first = get(x + i, extent), second = get(x + half + i, extent);
    const Vec c = get(cos + i, extent), s = get(sin + i, extent);
    put(x + i, first * c - second * s, extent);
    put(x + half + i, second * c + first * s, extent);
  });
}

template <class T>
int64_t value_width(const CachedAttention<T>& attention) { return (attention.width + 15) / 16 * 16; }

template <class T>
T* keys_at(const CachedAttention<T>& attention, int32_t block, int64_t kv_head) {
  return attention.keys + (block * attention.kv_heads + kv_head) * attention.width * kCacheBlock;
}

template <class T>
T* values_at(const CachedAttention<T>& attention, int32_t block, int64_t kv_head) {
  return attention.values + (block * attention.kv_heads + kv_head) * value_width(attention) * kCacheBlock;
}

template <class T>
void store(const CachedAttention<T>& attention, int64_t sequence, int64_t kv_head) {
  constexpr int u = Products<T>::elements;
  const int64_t heads = attention.heads, kv_heads = attention.kv_heads, width = attention.width;
  const int64_t group = heads / kv_heads, wide = value_width(attention);
  const int32_t* blocks = attention.blocks + sequence * attention.blocks_per_sequence;
  int64_t position = attention.lengths[sequence];
  for (int64_t token = attention.starts[sequence]; token < attention.starts[sequence + 1]; token++, position++) {
    T* line = attention.projected + token * attention.line;
    const float *cos = attention.cos + position * width, *sin = attention.sin + position * width;
    for (int64_t head = kv_head * group; head < (kv_head + 1) * group; head++) turn(line + head * width, width, cos, sin);
    T* key = line + (heads + kv_head) * width;
    const T* value = line + (heads + kv_heads + kv_head) * width;
    turn(key, width, cos, sin);

    const int64_t at = position % kCacheBlock;
    const int32_t block = blocks[position / kCacheBlock];
    auto* to = reinterpret_cast<Unit<T>*>(keys_at(attention, block, kv_head)) + at;
    const auto* from = reinterpret_cast<const Unit<T>*>(key);
    for (int64_t i = 0; i < width / u; i++) to[i * kCacheBlock] = from[i];

    T* row = values_at(attention, block, kv_head);
    // What follows the last position is read too, with weight 0: it must be a number.
    if (at == 0) __builtin_memset(row, 0, sizeof(T) * wide * kCacheBlock);
    row += at / u * wide * u + at % u;
    for (int64_t i = 0; i < width; i++) row[i * u] = value[i];
  }
}

/** Scores of R queries against B blocks of keys. Each is added up in the order of the channels, whatever R and B. */
template <class T, int R, int B>
POSTTRAIN_INLINE void score(int64_t units, const Unit<T>* const* queries, const Unit<T>* const* keys, float* to, int64_t stride) {
  Vec sums[B][R][kBlockVectors];
  for (auto& block : sums)
    for (auto& query : block)
      for (auto& one : query) one = all(0);
  for (int64_t i = 0; i < units; i++)
    for (int b = 0; b < B; b++)
      for (int v = 0; v < kBlockVectors; v++) {
        const auto key = Products<T>::load_units(keys[b] + i * kCacheBlock + v * kLanes);
        for (int r = 0; r < R; r++) sums[b][r][v] = Products<T>::add(sums[b][r][v], key, queries[r][i]);
      }
  for (int b = 0; b < B; b++)
    for (int r = 0; r < R; r++)
      for (int v = 0; v < kBlockVectors; v++)
        POSTTRAIN_LEVEL::store(to + r * stride + b * kCacheBlock + v * kLanes, sums[b][r][v]);
}

/** 16·C channels of the weighted values, from channel `first` on. */
template <class T, int R, int C>
POSTTRAIN_INLINE void mix(const CachedAttention<T>& attention, const int32_t* blocks, int64_t kv_head, int64_t count,
                          const T* weights, int64_t stride, int64_t first, float* to) {
  constexpr int u = Products<T>::elements, vectors = C * kBlockVectors;
  const int64_t wide = value_width(attention);
  Vec sums[R][vectors];
  for (auto& query : sums)
    for (auto& one : query) one = all(0);
  for (int64_t b = 0; b < count; b++) {
    const auto* values = reinterpret_cast<const Unit<T>*>(values_at(attention, blocks[b], kv_head)) + first;
    const auto* shares = reinterpret_cast<const Unit<T>*>(weights) + b * kCacheBlock / u;
    for (int64_t i = 0; i < kCacheBlock / u; i++)
      for (int v = 0; v < vectors; v++) {
        const auto value = Products<T>::load_units(values + i * wide + v * kLanes);
        for (int r = 0; r < R; r++) sums[r][v] = Products<T>::add(sums[r][v], value, shares[r * stride / u + i]);
      }
  }
  for (int r = 0; r < R; r++)
    for (int v = 0; v < vectors; v++) POSTTRAIN_LEVEL::store(to + r * C * 16 + v * kLanes, sums[r][v]);
}

/**
 * exp((s − max)·scale) of the first `count` scores as `weights`, zeros after them up to `end`.
 * @returns one over their sum
 */
template <class T>
POSTTRAIN_INLINE float weigh(const float* scores, T* weights, int64_t count, int64_t end, float scale) {
  constexpr float lowest = -3.4e38f;
  Vec most = all(lowest);
  each_vector(0, count, [&](int64_t i, auto extent) { most = larger(get(scores + i, extent, lowest), most); });
  const float max = largest(most);
  Vec total = all(0);
  each_vector(0, count, [&](int64_t i, auto extent) {
    const Vec weight = exponential((get(scores + i, extent, -__builtin_inff()) - max) * scale);
    total += weight;
    put(weights + i, weight, extent);
  });
  __builtin_memset(weights + count, 0, sizeof(T) * (end - count));
  return 1 / sum(total);
}

struct Query {
  int64_t token, head, sees;  // positions [0, sees)
};

/** R queries of one key-value head. */
template <class T, int R>
void answer(const CachedAttention<T>& attention, const int32_t* blocks, int64_t kv_head, const Query* queries, float* scratch) {
  const int64_t width = attention.width, units = width / Products<T>::elements, wide = value_width(attention);
  const float scale = 1 / __builtin_sqrtf(static_cast<float>(width));
  const int64_t count = (queries[R - 1].sees + kCacheBlock - 1) / kCacheBlock, stride = count * kCacheBlock;
  const Unit<T>* vectors[R];
  for (int r = 0; r < R; r++)
    vectors[r] = reinterpret_cast<const Unit<T>*>(attention.projected + queries[r].token * attention.line + queries[r].head * width);
  const auto keys = [&](int64_t b) { return reinterpret_cast<const Unit<T>*>(keys_at(attention, blocks[b], kv_head)); };
  constexpr int together = kTile / R < 1 ? 1 : kTile / R > 4 ? 4 : kTile / R;
  float* scores = scratch;
  int64_t b = 0;
  for (; b + together <= count; b += together) {
    const Unit<T>* several[together];
    for (int i = 0; i < together; i++) several[i] = keys(b + i);
    score<T, R, together>(units, vectors, several, scores + b * kCacheBlock, stride);
  }
  for (; b < count; b++) {
    const Unit<T>* one = keys(b);
    score<T, R, 1>(units, vectors, &one, scores + b * kCacheBlock, stride);
  }

  T* weights = reinterpret_cast<T*>(scratch + R * stride);
  float inverse[R];
  for (int r = 0; r < R; r++)
    inverse[r] = weigh(scores + r * stride, weights + r * stride, queries[r].sees, stride, scale);

  constexpr int most = kTile * 2 / R >= 4 ? 4 : kTile * 2 / R >= 2 ? 2 : 1;
  float mixed[R * most * 16];
  for (int64_t first = 0; first < wide;) {
    const int64_t left = (wide - first) / 16;
    int64_t channels = 16;
    if (most == 4 && left >= 4) channels = 64, mix<T, R, most>(attention, blocks, kv_head, count, weights, stride, first, mixed);
    else if (most >= 2 && left >= 2) channels = 32, mix<T, R, most >= 2 ? 2 : 1>(attention, blocks, kv_head, count, weights, stride, first, mixed);
    else mix<T, R, 1>(attention, blocks, kv_head, count, weights, stride, first, mixed);
    for (int r = 0; r < R; r++) {
      T* out = attention.out + (queries[r].token * attention.heads + queries[r].head) * width;
      each_vector(first, width < first + channels ? width : first + channels, [&](int64_t i, auto extent) {
        put(out + i, load(mixed + r * channels + i - first) * inverse[r], extent);
      });
    }
    first += channels;
  }
}

template <class T, int R = kTile>
POSTTRAIN_INLINE void answer_some(int count, const CachedAttention<T>& attention, const int32_t* blocks, int64_t kv_head,
                                  const Query* queries, float* scratch) {
  if constexpr (R > 1) {
    if (count < R) return answer_some<T, R - 1>(count, attention, blocks, kv_head, queries, scratch);
  }
  answer<T, R>(attention, blocks, kv_head, queries, scratch);
}

template <class T>
void attend(const CachedAttention<T>& attention, int64_t sequence, int64_t kv_head, int64_t begin, int64_t end, float* scratch) {
  const int64_t group = attention.heads / attention.kv_heads;
  const int32_t* blocks = attention.blocks + sequence * attention.blocks_per_sequence;
  Query queries[kTile];
  int count = 0;
  for (int64_t token = begin; token < end; token++)
    for (int64_t head = kv_head * group; head < (kv_head + 1) * group; head++) {
      queries[count++] = {attention.starts[sequence] + token, head, attention.lengths[sequence] + token + 1};
      if (count < kTile && (token + 1 < end || head + 1 < (kv_head + 1) * group)) continue;
      answer_some<T>(count, attention, blocks, kv_head, queries, scratch);
      count = 0;
    }
}

int64_t scratch(int64_t tokens) { return kTile * 2 * ((tokens + kCacheBlock - 1) / kCacheBlock * kCacheBlock); }

template <class T>
constexpr CachedAttentionOf<T> of() { return {store<T>, scratch, attend<T>}; }

}  // namespace

const CachedAttentions cached_attentions = {of<float>(), of<bf16>()};

}  // namespace posttrain::kernels::POSTTRAIN_LEVEL
