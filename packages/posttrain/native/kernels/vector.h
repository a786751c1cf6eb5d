// Vectors of the level's own width, by the compilers' vector types: the same source at every level, and no promise such
// as -ffast-math is needed to have sums and selections vectorised.
//
// Only what is inlined or local stands here, in the level's namespace: a function shared between levels by the linker
// could carry one level's instructions into another's.
#pragma once
#include "element.h"

namespace posttrain::kernels::POSTTRAIN_LEVEL {

#if defined(__AVX512F__)
constexpr int kLanes = 16;
#elif defined(__AVX__)
constexpr int kLanes = 8;
#else
constexpr int kLanes = 4;
#endif

typedef float Vec __attribute__((vector_size(4 * kLanes)));
typedef int32_t Ints __attribute__((vector_size(4 * kLanes)));
typedef uint32_t Words __attribute__((vector_size(4 * kLanes)));
typedef uint16_t Halves __attribute__((vector_size(2 * kLanes)));

#define POSTTRAIN_INLINE static inline __attribute__((always_inline))

POSTTRAIN_INLINE Vec all(float value) { return Vec{} + value; }

POSTTRAIN_INLINE Vec select(Ints condition, Vec yes, Vec no) {
  return (Vec)((condition & (Ints)yes) | (~condition & (Ints)no));
}

POSTTRAIN_INLINE float widen(bf16 x) {
  const uint32_t word = uint32_t(x.bits) << 16;
  float out;
  __builtin_memcpy(&out, &word, 4);
  return out;
}
POSTTRAIN_INLINE float widen(float x) { return x; }

POSTTRAIN_INLINE Vec load(const float* from) {
  Vec out;
  __builtin_memcpy(&out, from, sizeof out);
  return out;
}
POSTTRAIN_INLINE Vec load(const bf16* from) {
  Halves halves;
  __builtin_memcpy(&halves, from, sizeof halves);
  return (Vec)(__builtin_convertvector(halves, Words) << 16);
}

/** Rounds to the nearest, ties to even, as PyTorch does; any NaN becomes the quiet one. */
POSTTRAIN_INLINE Halves narrow(Vec x) {
  const Words bits = (Words)x;
  const Words rounded = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
  const Words nan = (Words)(Ints)(x != x);
  return __builtin_convertvector((rounded & ~nan) | (nan & 0x7fc0u), Halves);
}

POSTTRAIN_INLINE void store(float* to, Vec x) { __builtin_memcpy(to, &x, sizeof x); }
POSTTRAIN_INLINE void store(bf16* to, Vec x) {
  const Halves halves = narrow(x);
  __builtin_memcpy(to, &halves, sizeof halves);
}

/** The last elements of a row, fewer than a vector holds; the missing ones read as `rest`. */
template <class T>
POSTTRAIN_INLINE Vec load_part(const T* from, int64_t count, float rest = 0) {
  float lanes[kLanes];
  for (int i = 0; i < kLanes; i++) lanes[i] = i < count ? widen(from[i]) : rest;
  return load(lanes);
}
template <class T>
POSTTRAIN_INLINE void store_part(T* to, Vec x, int64_t count) {
  T lanes[kLanes];
  store(lanes, x);
  for (int64_t i = 0; i < count; i++) to[i] = lanes[i];
}

/** How many elements of a vector are meant: all of them, known when compiling, or the first few. */
struct Whole {};
struct Part {
  int64_t count;
};
template <class T>
POSTTRAIN_INLINE Vec get(const T* from, Whole, float = 0) { return load(from); }
template <class T>
POSTTRAIN_INLINE Vec get(const T* from, Part part, float rest = 0) { return load_part(from, part.count, rest); }
template <class T>
POSTTRAIN_INLINE void put(T* to, Vec x, Whole) { store(to, x); }
template <class T>
POSTTRAIN_INLINE void put(T* to, Vec x, Part part) { store_part(to, x, part.count); }

/** Calls `body(i, extent)` for each vector of [begin, end). */
template <class F>
POSTTRAIN_INLINE void each_vector(int64_t begin, int64_t end, F body) {
  int64_t i = begin;
  for (; i + kLanes <= end; i += kLanes) body(i, Whole{});
  if (i < end) body(i, Part{end - i});
}

/** The sum of the lanes, from the first to the last. */
POSTTRAIN_INLINE float sum(Vec x) {
  float out = 0;
  for (int i = 0; i < kLanes; i++) out += x[i];
  return out;
}

POSTTRAIN_INLINE Vec larger(Vec a, Vec b) { return select(a > b, a, b); }

/** The largest lane; a NaN may be passed over, so that whoever needs to see it must add it up somewhere. */
POSTTRAIN_INLINE float largest(Vec x) {
  float out = x[0];
  for (int i = 1; i < kLanes; i++) out = x[i] > out ? x[i] : out;
  return out;
}

POSTTRAIN_INLINE Vec square_root(Vec x) {
  Vec out;
  for (int i = 0; i < kLanes; i++) out[i] = __builtin_sqrtf(x[i]);
  return out;
}

/**
 * exp(x) with a relative error of 2e-7: e^x = 2^n · e^r with |r| ≤ ln 2 / 2, by the polynomial of Cephes' expf. 0 below
 * −87.3 and Inf above 88.3; NaN stays NaN.
 */
POSTTRAIN_INLINE Vec exponential(Vec x) {
  const float lowest = -87.3f, highest = 88.3f, magic = 12582912.f;  // 1.5 · 2^23: adding it rounds to a whole number
  const Vec bounded = select(x > highest, all(highest), select(x < lowest, all(lowest), x));
  const Vec shifted = bounded * 1.44269504f + magic;
  const Vec n = shifted - magic;
  Vec r = bounded - n * 0.693359375f;
  r = r + n * 2.12194440e-4f;
  Vec p = r * 1.9875691500e-4f + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.f;
  const Vec scale = (Vec)(((Ints)shifted - 0x4b400000 + 127) << 23);
  const Vec value = select(x < lowest, all(0), p * scale);
  return select(x > highest, all(__builtin_inff()), value);
}

}  // namespace posttrain::kernels::POSTTRAIN_LEVEL
