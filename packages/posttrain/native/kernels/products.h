// Small matrix products inside attention, in the two ways a level may have: pairs of bf16 that one instruction multiplies
// and adds into float32, or plain float32.
//
// Both see memory as 32-bit words: a word of the left matrix A [M, K] holds one or two neighbours of a row, a word of the
// right matrix B [K, N] one or two neighbours of a column.
#pragma once
#if defined(__AVX512BF16__)
#include <immintrin.h>
#endif

#include "vector.h"

namespace posttrain::kernels::POSTTRAIN_LEVEL {

/** Vectors of columns that one pass over K computes: as many as registers allow beside kTileRows. */
constexpr int kTileVectors = kLanes == 16 ? 4 : 2;
constexpr int kTileRows = 6;

POSTTRAIN_INLINE int64_t round_up(int64_t x, int64_t to) { return (x + to - 1) / to * to; }

struct FloatProducts {
  typedef float Element;
  static constexpr int kPerWord = 1;
  POSTTRAIN_INLINE Vec multiply_add(uint32_t a, Words b, Vec c) {
    float x;
    __builtin_memcpy(&x, &a, 4);
    return c + x * (Vec)b;
  }
};

#if defined(__AVX512BF16__)
struct PairProducts {
  typedef bf16 Element;
  static constexpr int kPerWord = 2;
  POSTTRAIN_INLINE Vec multiply_add(uint32_t a, Words b, Vec c) {
    return (Vec)_mm512_dpbf16_ps((__m512)c, (__m512bh)_mm512_set1_epi32(static_cast<int>(a)), (__m512bh)(__m512i)b);
  }
};
#endif

template <class P, int R, int V>
POSTTRAIN_INLINE void tile(int64_t words, const uint32_t* a, int64_t a_step, const uint32_t* b, int64_t b_step, float* c,
                           int64_t c_step, bool accumulate) {
  Vec sums[R][V];
  for (int r = 0; r < R; r++)
    for (int v = 0; v < V; v++) sums[r][v] = accumulate ? load(c + r * c_step + v * kLanes) : all(0);
  for (int64_t k = 0; k < words; k++) {
    Words columns[V];
    for (int v = 0; v < V; v++) __builtin_memcpy(&columns[v], b + k * b_step + v * kLanes, sizeof(Words));
    for (int r = 0; r < R; r++)
      for (int v = 0; v < V; v++) sums[r][v] = P::multiply_add(a[r * a_step + k], columns[v], sums[r][v]);
  }
  for (int r = 0; r < R; r++)
    for (int v = 0; v < V; v++) store(c + r * c_step + v * kLanes, sums[r][v]);
}

template <class P, int V>
static void column_tiles(int64_t rows, int64_t words, const uint32_t* a, int64_t a_step, const uint32_t* b,
                         int64_t b_step, float* c, int64_t c_step, bool accumulate) {
  int64_t row = 0;
  const auto strip = [&]<int R>() {
    tile<P, R, V>(words, a + row * a_step, a_step, b, b_step, c + row * c_step, c_step, accumulate);
  };
  for (; row + kTileRows <= rows; row += kTileRows) strip.template operator()<kTileRows>();
  switch (rows - row) {
    case 5: strip.template operator()<5>(); break;
    case 4: strip.template operator()<4>(); break;
    case 3: strip.template operator()<3>(); break;
    case 2: strip.template operator()<2>(); break;
    case 1: strip.template operator()<1>(); break;
  }
}

/** C [rows, columns] = A · B, or += ; `words` are those of K, and `columns` is rounded up to whole vectors. */
template <class P>
static void multiply(int64_t rows, int64_t columns, int64_t words, const uint32_t* a, int64_t a_step, const uint32_t* b,
                     int64_t b_step, float* c, int64_t c_step, bool accumulate) {
  int64_t column = 0;
  for (; column + kTileVectors * kLanes <= columns; column += kTileVectors * kLanes)
    column_tiles<P, kTileVectors>(rows, words, a, a_step, b + column, b_step, c + column, c_step, accumulate);
  for (; column < columns; column += kLanes)
    column_tiles<P, 1>(rows, words, a, a_step, b + column, b_step, c + column, c_step, accumulate);
}

}  // namespace posttrain::kernels::POSTTRAIN_LEVEL
