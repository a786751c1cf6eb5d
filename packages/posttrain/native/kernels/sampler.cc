// The next token from a row of logits: filters as a threshold, then the inverse of the cumulative distribution.
#include "sampler.h"

#include "vector.h"

namespace posttrain::kernels::POSTTRAIN_LEVEL {
namespace {

constexpr float kInfinity = __builtin_inff();
/** Logits whose largest, and whose sum of exponentials, are kept: fewer would find thresholds and tokens in fewer steps, but cost more of them. */
constexpr int64_t kGroup = 64;
constexpr int kBins = 1024;
/** Probabilities are sums of float32: a share is reached when all but this much of it is. */
constexpr double kRounding = 1e-6;

int64_t groups_of(int64_t vocabulary) { return (vocabulary + kGroup - 1) / kGroup; }

/** Scratch: the groups' figures, then room for every logit. */
int64_t scratch(int64_t vocabulary) { return groups_of(vocabulary) + vocabulary + kBins; }

template <class F>
POSTTRAIN_INLINE void each_group(int64_t vocabulary, const F& body) {
  for (int64_t group = 0, begin = 0; begin < vocabulary; group++, begin += kGroup)
    body(group, begin, begin + kGroup < vocabulary ? begin + kGroup : vocabulary);
}

/** Moves the `count` largest of x to the front, in no order (Hoare's quickselect, median of three). */
void select_largest(float* x, int64_t size, int64_t count) {
  int64_t low = 0, high = size - 1;
  while (low < high) {
    const float a = x[low], b = x[(low + high) / 2], c = x[high];
    const float pivot = a > b ? (b > c ? b : a > c ? c : a) : (a > c ? a : b > c ? c : b);
    int64_t i = low, j = high;
    while (i <= j) {
      while (x[i] > pivot) i++;
      while (x[j] < pivot) j--;
      if (i > j) break;
      const float swapped = x[i];
      x[i++] = x[j];
      x[j--] = swapped;
    }
    if (count - 1 <= j) high = j;
    else if (count - 1 >= i) low = i;
    else return;
  }
}

float smallest(const float* x, int64_t count) {
  float least = x[0];
  for (int64_t i = 1; i < count; i++) least = x[i] < least ? x[i] : least;
  return least;
}

/** Copies the logits that are at least `least` to `to`; returns how many they are. */
int64_t collect(int64_t vocabulary, const float* logits, const float* maxima, float least, float* to) {
  int64_t count = 0;
  each_group(vocabulary, [&](int64_t group, int64_t begin, int64_t end) {
    if (maxima[group] < least) return;
    for (int64_t i = begin; i < end; i++)
      if (logits[i] >= least) to[count++] = logits[i];
  });
  return count;
}

/**
 * The k-th largest logit. The k-th largest of the groups' maxima cannot exceed it, so that all but a few logits are
 * passed over at once.
 */
float kth_largest(int64_t vocabulary, const float* logits, const float* maxima, int64_t k, float* room) {
  float least = -kInfinity;
  const int64_t groups = groups_of(vocabulary);
  if (k < groups) {
    for (int64_t i = 0; i < groups; i++) room[i] = maxima[i];
    select_largest(room, groups, k);
    least = smallest(room, k);
  }
  const int64_t count = collect(vocabulary, logits, maxima, least, room);
  select_largest(room, count, k);
  return smallest(room, k);
}

/** x in falling order (heapsort: no memory, never slow). */
void sort_falling(float* x, int64_t size) {
  const auto sink = [&](int64_t at, int64_t end) {
    const float value = x[at];
    for (int64_t child = 2 * at + 1; child < end; child = 2 * at + 1) {
      if (child + 1 < end && x[child + 1] < x[child]) child++;
      if (!(x[child] < value)) break;
      x[at] = x[child];
      at = child;
    }
    x[at] = value;
  };
  for (int64_t i = size / 2; i-- > 0;) sink(i, size);
  for (int64_t end = size; end-- > 1;) {
    const float least = x[0];
    x[0] = x[end];
    x[end] = least;
    sink(0, end);
  }
}

/**
 * The least likely logit of the smallest set of likeliest tokens whose probabilities, among logits from `least` on,
 * reach p. Logits are counted into bins by their distance from the largest; only the bin that crosses p is sorted.
 */
float crossing(int64_t vocabulary, const float* logits, const float* maxima, float least, float max, float inverse, double p, float* room) {
  constexpr float farthest = 32;  // e⁻³²: together, all tokens beyond weigh nothing
  double masses[kBins] = {};
  const auto bin_of = [&](float logit) {
    const float distance = (max - logit) * inverse;
    return distance < farthest ? static_cast<int>(distance * (kBins / farthest)) : kBins - 1;
  };
  double total = 0;
  each_group(vocabulary, [&](int64_t group, int64_t begin, int64_t end) {
    if (maxima[group] < least) return;
    float weights[kGroup];
    each_vector(begin, end, [&](int64_t i, auto extent) {
      put(weights + i - begin, exponential((get(logits + i, extent) - max) * inverse), extent);
    });
    for (int64_t i = begin; i < end; i++)
      if (logits[i] >= least) masses[bin_of(logits[i])] += weights[i - begin];
  });
  for (const double mass : masses) total += mass;
  const double wanted = (p - kRounding) * total;
  double reached = 0;
  int bin = 0;
  while (bin < kBins - 1 && reached + masses[bin] < wanted) reached += masses[bin++];
  int64_t count = 0;
  each_group(vocabulary, [&](int64_t group, int64_t begin, int64_t end) {
    if (maxima[group] < least) return;
    for (int64_t i = begin; i < end; i++)
      if (logits[i] >= least && bin_of(logits[i]) == bin) room[count++] = logits[i];
  });
  if (count == 0) return least;
  sort_falling(room, count);
  for (int64_t i = 0; i < count; i++) {
    reached += exponential(all((room[i] - max) * inverse))[0];
    if (reached >= wanted) return room[i];
  }
  return room[count - 1];
}

struct Row {
  float max;
  int64_t first;  // where it stands first, or the first NaN
  bool nan;
};

Row survey(int64_t vocabulary, const float* logits, float* maxima) {
  Row row = {-kInfinity, 0, false};
  bool found = false;
  each_group(vocabulary, [&](int64_t group, int64_t begin, int64_t end) {
    Vec most = all(-kInfinity);
    Ints nan = {};
    each_vector(begin, end, [&](int64_t i, auto extent) {
      const Vec x = get(logits + i, extent, -kInfinity);
      most = larger(x, most);
      nan |= x != x;
    });
    maxima[group] = largest(most);
    int any = 0;
    for (int lane = 0; lane < kLanes; lane++) any |= nan[lane];
    if (!row.nan && (any || maxima[group] > row.max || !found)) {
      found = true;
      row.nan = any != 0;
      row.max = maxima[group];
      for (row.first = begin; any ? logits[row.first] == logits[row.first] : logits[row.first] != row.max; row.first++) {
      }
    }
  });
  return row;
}

float logarithm(double x) { return static_cast<float>(__builtin_log(x)); }

Sampled sample(const Sampling& sampling, int64_t vocabulary, const float* logits, double uniform, float* scratch) {
  float* sums = scratch;
  float* maxima = scratch;
  float* room = scratch + groups_of(vocabulary);
  const Row row = survey(vocabulary, logits, maxima);
  const bool greedy = sampling.temperature == 0;
  const float max = row.max, inverse = greedy ? 1 : 1 / sampling.temperature;
  if (row.nan) return {static_cast<int32_t>(row.first), __builtin_nanf("")};

  float least = -kInfinity;
  if (!greedy) {
    if (sampling.top_k < vocabulary) least = kth_largest(vocabulary, logits, maxima, sampling.top_k, room);
    if (sampling.top_p < 1) {
      const float crossed = crossing(vocabulary, logits, maxima, least, max, inverse, sampling.top_p, room);
      least = crossed > least ? crossed : least;
    }
    if (sampling.min_p > 0) {
      const float bound = max + logarithm(sampling.min_p) * sampling.temperature;
      least = bound > least ? bound : least;
    }
  }

  // Sums of groups, then of all in double: the token is looked for in one group only.
  const auto weight = [&](int64_t i, auto extent) {
    const Vec x = get(logits + i, extent, -kInfinity);
    return select(x >= least, exponential((x - max) * inverse), all(0));
  };
  double total = 0;
  each_group(vocabulary, [&](int64_t group, int64_t begin, int64_t end) {
    Vec part = all(0);
    if (maxima[group] >= least) each_vector(begin, end, [&](int64_t i, auto extent) { part += weight(i, extent); });
    sums[group] = sum(part);
    total += sums[group];
  });
  if (greedy) return {static_cast<int32_t>(row.first), -logarithm(total)};

  const double target = uniform * total;
  int64_t chosen = row.first;
  double before = 0;
  bool found = false;
  each_group(vocabulary, [&](int64_t group, int64_t begin, int64_t end) {
    if (found || !(before + sums[group] > target)) {
      if (!found) before += sums[group];
      return;
    }
    found = true;
    float weights[kGroup];
    each_vector(begin, end, [&](int64_t i, auto extent) { put(weights + i - begin, weight(i, extent), extent); });
    for (int64_t i = begin; i < end; i++) {
      if (weights[i - begin] > 0) chosen = i;
      before += weights[i - begin];
      if (before > target) return;
    }
  });
  return {static_cast<int32_t>(chosen), (logits[chosen] - max) * inverse - logarithm(total)};
}

}  // namespace

const Sampler sampler = {scratch, sample};

}  // namespace posttrain::kernels::POSTTRAIN_LEVEL
