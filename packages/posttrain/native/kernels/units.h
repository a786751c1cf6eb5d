// Sums of products over neighbouring elements, in float32: two of bf16 at once, or one of float.
#pragma once
#include "vector.h"

#if defined(__AVX512BF16__)
#include <immintrin.h>
#endif

namespace posttrain::kernels::POSTTRAIN_LEVEL {

/** What one step of a sum of products takes from each side: a pair of bf16 in one word, or one float. */
template <class T>
struct Products;

template <>
struct Products<float> {
  using Unit = float;
  static constexpr int elements = 1;
  typedef Vec Units;
  POSTTRAIN_INLINE Units load_units(const Unit* from) { return load(from); }
  /** sum + a·b, lane by lane, `b` the same in all lanes. */
  POSTTRAIN_INLINE Vec add(Vec sum, Units a, Unit b) { return sum + a * b; }
};

template <>
struct Products<bf16> {
  using Unit = uint32_t;
  static constexpr int elements = 2;
  typedef Words Units;
  POSTTRAIN_INLINE Units load_units(const Unit* from) {
    Words out;
    __builtin_memcpy(&out, from, sizeof out);
    return out;
  }
  POSTTRAIN_INLINE Vec add(Vec sum, Units a, Unit b) {
#if defined(__AVX512BF16__)
    return (Vec)_mm512_dpbf16_ps((__m512)sum, (__m512bh)a, (__m512bh)_mm512_set1_epi32(static_cast<int>(b)));
#else
    const Words both = Words{} + b;
    sum += (Vec)(a << 16) * (Vec)(both << 16);
    return sum + (Vec)(a & 0xffff0000u) * (Vec)(both & 0xffff0000u);
#endif
  }
};

}  // namespace posttrain::kernels::POSTTRAIN_LEVEL
