// Attention within documents, block of queries by block of queries (Rabe & Staats 2021, arXiv:2112.05682; the
// backward pass of Dao et al. 2022, arXiv:2205.14135, algorithm 4). A whole row of scores is in the cache at once, so that
// softmax needs no running correction.
#include "attention.h"

#include "products.h"

namespace posttrain::kernels::POSTTRAIN_LEVEL {
namespace {

/** Queries that are worked on together. */
constexpr int64_t kBlock = 64;

/** Hands out parts of the scratch memory, each aligned to 64 bytes. */
struct Carver {
  char* next;
  template <class X>
  X* take(int64_t count) {
    X* out = reinterpret_cast<X*>(next);
    next += round_up(count * static_cast<int64_t>(sizeof(X)), 64);
    return out;
  }
};

/** Sizes of the packed matrices of one document and one head. */
template <class P>
struct Sizes {
  int64_t length, width;
  int64_t words;      // of one row of `width` elements
  int64_t lanes;      // `width` rounded up to vectors
  int64_t step;       // from one row of scores to the next; off powers of two, so that rows do not share cache sets
  int64_t pairs;      // of all tokens, as rows of words
  int64_t block_words;  // of one column of a block

  Sizes(const AttentionShape& shape, int64_t n)
      : length(n),
        width(shape.width),
        words(round_up(width, P::kPerWord) / P::kPerWord),
        lanes(round_up(width, kLanes)),
        step(round_up(n, 64) + 32),
        pairs(round_up(n, P::kPerWord) / P::kPerWord),
        block_words(kBlock / P::kPerWord) {}
};

template <class P>
using ElementOf = typename P::Element;

template <class P, class T>
POSTTRAIN_INLINE ElementOf<P> convert(T x) {
  if constexpr (sizeof(ElementOf<P>) == sizeof(T)) return x;
  else return widen(x);
}

/** Rows of a matrix in memory, as rows of words: the left side of a product. */
template <class P, class T>
void pack_left(int64_t rows, int64_t width, const T* from, int64_t from_step, uint32_t* to, int64_t words) {
  auto* out = reinterpret_cast<ElementOf<P>*>(to);
  const int64_t padded = words * P::kPerWord;
  for (int64_t r = 0; r < rows; r++) {
    for (int64_t i = 0; i < width; i++) out[r * padded + i] = convert<P>(from[r * from_step + i]);
    for (int64_t i = width; i < padded; i++) out[r * padded + i] = {};
  }
}

/** The transpose of rows in memory, as the left side of a product: [width, kBlock], missing rows zero. */
template <class P, class T>
void pack_left_transposed(int64_t rows, int64_t width, const T* from, int64_t from_step, uint32_t* to) {
  auto* out = reinterpret_cast<ElementOf<P>*>(to);
  for (int64_t i = 0; i < width; i++) {
    for (int64_t r = 0; r < rows; r++) out[i * kBlock + r] = convert<P>(from[r * from_step + i]);
    for (int64_t r = rows; r < round_up(rows, P::kPerWord); r++) out[i * kBlock + r] = {};
  }
}

/** The transpose of rows in memory, as the right side of a product: words of neighbouring channels, a column for each token. */
template <class P, class T>
void pack_right_transposed(const Sizes<P>& s, const T* from, int64_t from_step, uint32_t* to) {
  auto* out = reinterpret_cast<ElementOf<P>*>(to);
  for (int64_t token = 0; token < s.length; token++)
    for (int64_t i = 0; i < s.words * P::kPerWord; i++) {
      const int64_t at = (i / P::kPerWord * s.step + token) * P::kPerWord + i % P::kPerWord;
      if (i < s.width) out[at] = convert<P>(from[token * from_step + i]);
      else out[at] = {};
    }
  for (int64_t k = 0; k < s.words; k++)
    for (int64_t token = s.length; token < round_up(s.length, kLanes); token++) to[k * s.step + token] = 0;
}

/** Rows of a matrix in memory, as the right side of a product: words of neighbouring tokens, a column for each channel. */
template <class P, class T>
void pack_right(const Sizes<P>& s, const T* from, int64_t from_step, uint32_t* to) {
  auto* out = reinterpret_cast<ElementOf<P>*>(to);
  for (int64_t i = 0; i < s.pairs * s.lanes; i++) to[i] = 0;
  for (int64_t token = 0; token < s.length; token++)
    for (int64_t i = 0; i < s.width; i++)
      out[(token / P::kPerWord * s.lanes + i) * P::kPerWord + token % P::kPerWord] = convert<P>(from[token * from_step + i]);
}

/** Writes float32 sums into rows of T. */
template <class T>
void write_rows(int64_t rows, int64_t width, const float* from, int64_t from_step, T* to, int64_t to_step) {
  for (int64_t r = 0; r < rows; r++)
    each_vector(0, width, [&](int64_t i, auto extent) { put(to + r * to_step + i, get(from + r * from_step + i, extent), extent); });
}

/** Writes columns of float32 sums [width, length] into rows of T. */
template <class T>
void write_columns(int64_t length, int64_t width, const float* from, int64_t from_step, T* to, int64_t to_step) {
  for (int64_t r = 0; r < length; r++) {
    float row[kLanes];
    each_vector(0, width, [&](int64_t i, auto extent) {
      for (int lane = 0; lane < kLanes; lane++) row[lane] = i + lane < width ? from[(i + lane) * from_step + r] : 0;
      put(to + r * to_step + i, load(row), extent);
    });
  }
}

template <class P>
int64_t scratch_bytes(const AttentionShape& shape, int64_t length) {
  const Sizes<P> s(shape, length);
  const int64_t per_token = 3 * s.words * s.step + s.pairs * s.lanes;
  const int64_t scores = (5 * kBlock + 2) * s.step;
  const int64_t sums = 2 * s.width * s.step + kBlock * s.lanes;
  const int64_t block = 2 * kBlock * s.words + 2 * s.width * s.block_words;
  return 4 * (per_token + scores + sums + block) + 64 * 16;
}

template <class P, class T>
void forward(const AttentionShape& shape, const AttentionSpan<T>& span, int64_t kv_head, T* out, float* normalizer, void* scratch) {
  const Sizes<P> s(shape, span.keys);
  const int64_t out_row = shape.heads * s.width, group = shape.heads / shape.kv_heads;
  Carver carver{static_cast<char*>(scratch)};
  auto* keys = carver.take<uint32_t>(s.words * s.step);
  auto* values = carver.take<uint32_t>(s.pairs * s.lanes);
  auto* query = carver.take<uint32_t>(kBlock * s.words);
  auto* scores = carver.take<float>(kBlock * s.step);
  auto* weights = carver.take<ElementOf<P>>(kBlock * s.step);
  auto* sums = carver.take<float>(kBlock * s.lanes);
  pack_right_transposed<P>(s, span.key + kv_head * s.width, span.key_step, keys);
  pack_right<P>(s, span.value + kv_head * s.width, span.value_step, values);

  for (int64_t head = kv_head * group; head < (kv_head + 1) * group; head++)
    for (int64_t first = 0; first < span.queries; first += kBlock) {
      const int64_t rows = span.queries - first < kBlock ? span.queries - first : kBlock;
      const int64_t seen = span.causal ? first + rows : span.keys;
      const int64_t seen_words = round_up(seen, P::kPerWord) / P::kPerWord;
      pack_left<P>(rows, s.width, span.query + first * span.query_step + head * s.width, span.query_step, query, s.words);
      multiply<P>(rows, seen, s.words, query, s.words, keys, s.step, scores, s.step, false);
      float inverse[kBlock];
      for (int64_t r = 0; r < rows; r++) {
        const float* __restrict x = scores + r * s.step;
        auto* __restrict w = weights + r * s.step;
        const int64_t end = span.causal ? first + r + 1 : span.keys;
        Vec most = all(-__builtin_inff());
        each_vector(0, end, [&](int64_t i, auto extent) { most = larger(get(x + i, extent, -__builtin_inff()), most); });
        const float top = largest(most);
        Vec total = all(0);
        each_vector(0, end, [&](int64_t i, auto extent) {
          const Vec weight = exponential((get(x + i, extent, -__builtin_inff()) - top) * shape.scale);
          total += weight;
          put(w + i, weight, extent);
        });
        for (int64_t i = end; i < seen_words * P::kPerWord; i++) w[i] = {};
        const float whole = sum(total);
        inverse[r] = 1 / whole;
        normalizer[(first + r) * shape.heads + head] = top * shape.scale + __builtin_logf(whole);
      }
      multiply<P>(rows, s.width, seen_words, reinterpret_cast<uint32_t*>(weights), s.step / P::kPerWord, values, s.lanes,
                  sums, s.lanes, false);
      for (int64_t r = 0; r < rows; r++) {
        T* __restrict to = out + (first + r) * out_row + head * s.width;
        each_vector(0, s.width, [&](int64_t i, auto extent) { put(to + i, get(sums + r * s.lanes + i, extent) * inverse[r], extent); });
      }
    }
}

/** One or two rows of weights and score gradients as words of neighbouring queries: the right side of the products over queries. */
template <class P>
POSTTRAIN_INLINE void interleave(const ElementOf<P>* first, const ElementOf<P>* second, uint32_t* to, int64_t count) {
  if constexpr (P::kPerWord == 1) {
    __builtin_memcpy(to, first, count * 4);
  } else {
    for (int64_t i = 0; i < count; i += kLanes) {
      Halves low, high;
      __builtin_memcpy(&low, first + i, sizeof low);
      __builtin_memcpy(&high, second + i, sizeof high);
      const Words words = __builtin_convertvector(low, Words) | (__builtin_convertvector(high, Words) << 16);
      __builtin_memcpy(to + i, &words, sizeof words);
    }
  }
}

template <class P, class T>
void backward(const AttentionShape& shape, int64_t length, int64_t kv_head, const T* qkv, const T* out,
              const T* gradient, const float* normalizer, T* qkv_gradient, void* scratch) {
  const Sizes<P> s(shape, length);
  const int64_t row = shape.row(), out_row = shape.heads * s.width, group = shape.heads / shape.kv_heads;
  const int64_t key_at = (shape.heads + kv_head) * s.width;
  const int64_t value_at = (shape.heads + shape.kv_heads + kv_head) * s.width;
  Carver carver{static_cast<char*>(scratch)};
  auto* keys = carver.take<uint32_t>(s.words * s.step);
  auto* values = carver.take<uint32_t>(s.words * s.step);
  auto* key_rows = carver.take<uint32_t>(s.pairs * s.lanes);
  auto* query = carver.take<uint32_t>(kBlock * s.words);
  auto* query_columns = carver.take<uint32_t>(s.width * s.block_words);
  auto* out_gradient = carver.take<uint32_t>(kBlock * s.words);
  auto* out_gradient_columns = carver.take<uint32_t>(s.width * s.block_words);
  auto* scores = carver.take<float>(kBlock * s.step);
  auto* weight_gradients = carver.take<float>(kBlock * s.step);
  auto* weights = carver.take<ElementOf<P>>(2 * s.step);
  auto* score_gradients = carver.take<ElementOf<P>>(kBlock * s.step);
  auto* weight_words = carver.take<uint32_t>(s.block_words * s.step);
  auto* score_gradient_words = carver.take<uint32_t>(s.block_words * s.step);
  auto* sums = carver.take<float>(kBlock * s.lanes);
  auto* key_sums = carver.take<float>(s.width * s.step);
  auto* value_sums = carver.take<float>(s.width * s.step);
  for (int64_t i = 0; i < s.width * s.step; i++) key_sums[i] = value_sums[i] = 0;
  pack_right_transposed<P>(s, qkv + key_at, row, keys);
  pack_right_transposed<P>(s, qkv + value_at, row, values);
  pack_right<P>(s, qkv + key_at, row, key_rows);

  for (int64_t head = kv_head * group; head < (kv_head + 1) * group; head++)
    for (int64_t first = 0; first < length; first += kBlock) {
      const int64_t rows = length - first < kBlock ? length - first : kBlock;
      const int64_t seen = first + rows, columns = round_up(seen, kLanes);
      const int64_t seen_words = round_up(seen, P::kPerWord) / P::kPerWord;
      const int64_t row_words = round_up(rows, P::kPerWord) / P::kPerWord;
      const T* q = qkv + first * row + head * s.width;
      const T* g = gradient + first * out_row + head * s.width;
      const T* o = out + first * out_row + head * s.width;
      pack_left<P>(rows, s.width, q, row, query, s.words);
      pack_left<P>(rows, s.width, g, out_row, out_gradient, s.words);
      pack_left_transposed<P>(rows, s.width, q, row, query_columns);
      pack_left_transposed<P>(rows, s.width, g, out_row, out_gradient_columns);
      multiply<P>(rows, seen, s.words, query, s.words, keys, s.step, scores, s.step, false);
      multiply<P>(rows, seen, s.words, out_gradient, s.words, values, s.step, weight_gradients, s.step, false);

      for (int64_t r = 0; r < row_words * P::kPerWord; r++) {
        auto* __restrict w = weights + r % P::kPerWord * s.step;
        auto* __restrict d = score_gradients + r * s.step;
        if (r < rows) {
          Vec products = all(0);
          each_vector(0, s.width, [&](int64_t i, auto extent) {
            products += get(o + r * out_row + i, extent) * get(g + r * out_row + i, extent);
          });
          const float mean = sum(products);  // Σ weight · d(weight), over all keys
          const float log_sum = normalizer[(first + r) * shape.heads + head];
          const float* __restrict x = scores + r * s.step;
          const float* __restrict dw = weight_gradients + r * s.step;
          const int32_t last = static_cast<int32_t>(first + r);
          Ints lane;
          for (int i = 0; i < kLanes; i++) lane[i] = i;
          for (int64_t i = 0; i < columns; i += kLanes) {
            const Vec weight = select(lane + static_cast<int32_t>(i) <= last, exponential(load(x + i) * shape.scale - log_sum), all(0));
            store(w + i, weight);
            store(d + i, weight * (load(dw + i) - mean) * shape.scale);
          }
        } else {
          for (int64_t i = 0; i < columns; i++) w[i] = d[i] = {};
        }
        if (r % P::kPerWord == P::kPerWord - 1) {
          const int64_t word = r / P::kPerWord;
          interleave<P>(weights, weights + s.step, weight_words + word * s.step, columns);
          interleave<P>(d - (P::kPerWord - 1) * s.step, d, score_gradient_words + word * s.step, columns);
        }
      }
      multiply<P>(rows, s.width, seen_words, reinterpret_cast<uint32_t*>(score_gradients), s.step / P::kPerWord, key_rows,
                  s.lanes, sums, s.lanes, false);
      write_rows(rows, s.width, sums, s.lanes, qkv_gradient + first * row + head * s.width, row);
      multiply<P>(s.width, seen, row_words, query_columns, s.block_words, score_gradient_words, s.step, key_sums, s.step, true);
      multiply<P>(s.width, seen, row_words, out_gradient_columns, s.block_words, weight_words, s.step, value_sums, s.step, true);
    }
  write_columns(length, s.width, key_sums, s.step, qkv_gradient + key_at, row);
  write_columns(length, s.width, value_sums, s.step, qkv_gradient + value_at, row);
}

#if defined(__AVX512BF16__)
typedef PairProducts Bf16Products;
#else
typedef FloatProducts Bf16Products;
#endif

}  // namespace

const Attention attention = {
    {scratch_bytes<FloatProducts>, forward<FloatProducts, float>, backward<FloatProducts, float>},
    {scratch_bytes<Bf16Products>, forward<Bf16Products, bf16>, backward<Bf16Products, bf16>},
};

}  // namespace posttrain::kernels::POSTTRAIN_LEVEL
