// What the kernels offer, as tables of function pointers: one table for each CPU level that they are compiled for.
//
// A kernel is plain C++ on raw memory: no libtorch, no threads, no memory of its own. It works on the range of rows or
// elements that it is given, so that whoever calls it decides how the work is spread. Every kernel has one plain
// definition made of ATen operators in TypeScript, which says what it computes. Sums have a fixed order, and NaN and Inf
// reach the result.
//
// To add kernels: a header here with a struct of pointers and its `extern const` in the level's namespace, a .cc file
// that defines it, and a member of Table.
#pragma once
#include <cstdint>

#include "attention.h"
#include "cached-attention.h"
#include "elementwise.h"
#include "loss.h"
#include "norm.h"
#include "optimizer.h"
#include "packed-linear.h"
#include "sampler.h"

namespace posttrain::kernels {

/** All kernels of one level. */
struct Table {
  const Optimizer& optimizer;
  const Norm& norm;
  const Elementwise& elementwise;
  const Attention& attention;
  const Loss& loss;
  const PackedLinears& packed_linears;
  const CachedAttentions& cached_attentions;
  const Sampler& sampler;
};

}  // namespace posttrain::kernels

namespace posttrain::kernels::POSTTRAIN_LEVEL {

extern const Table table;

}  // namespace posttrain::kernels::POSTTRAIN_LEVEL
