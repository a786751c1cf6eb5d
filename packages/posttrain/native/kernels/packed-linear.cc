// Linear layers for the few rows of a decoding step: bound by reading the weights, which therefore lie in reading order.
#include "packed-linear.h"

#include "units.h"

namespace posttrain::kernels::POSTTRAIN_LEVEL {
namespace {

constexpr int kPanelVectors = kPanel / kLanes;
/** Rows that are summed at once, by how many sums the registers hold. */
constexpr int kTile = kLanes == 16 ? 12 : kLanes == 8 ? 3 : 1;
/** Rows that go through all panels together: of a prompt, as many as stay in the cache beside the weights. */
constexpr int64_t kRows = 96;

template <class T>
using Unit = typename Products<T>::Unit;

template <class T>
void pack(int64_t begin, int64_t end, int64_t outputs, int64_t inputs, const T* weight, T* packed) {
  const int64_t units = inputs / Products<T>::elements;
  for (int64_t panel = begin; panel < end; panel++)
    for (int64_t column = 0; column < kPanel; column++) {
      const int64_t output = panel * kPanel + column;
      auto* to = reinterpret_cast<Unit<T>*>(packed) + panel * units * kPanel + column;
      const auto* from = reinterpret_cast<const Unit<T>*>(weight) + output * units;
      for (int64_t i = 0; i < units; i++) to[i * kPanel] = output < outputs ? from[i] : 0;
    }
}

template <class T>
void normalize(int64_t begin, int64_t end, int64_t width, const float* x, const float* weight, float epsilon, T* out) {
  for (int64_t row = begin; row < end; row++) {
    const float* from = x + row * width;
    Vec squares = all(0);
    each_vector(0, width, [&](int64_t i, auto extent) {
      const Vec value = get(from + i, extent);
      squares += value * value;
    });
    const float scale = 1 / __builtin_sqrtf(sum(squares) / static_cast<float>(width) + epsilon);
    each_vector(0, width, [&](int64_t i, auto extent) {
      put(out + row * width + i, get(from + i, extent) * scale * get(weight + i, extent), extent);
    });
  }
}

/**
 * x·Wᵀ of R rows and P panels, to `sums` [R, P, 32]. Each sum is added up in the order of its inputs, whatever R and P: a
 * row's values do not depend on the rows beside it.
 */
template <class T, int R, int P>
void tile(int64_t units, const Unit<T>* __restrict x, const Unit<T>* __restrict weights, const Unit<T>* ahead,
          float* __restrict sums) {
  Vec part[R][P * kPanelVectors];
  for (auto& of_row : part)
    for (auto& one : of_row) one = all(0);
  for (int64_t i = 0; i < units; i++) {
    if constexpr (P == 1) __builtin_prefetch(ahead + i * 16, 0, 2);
    for (int p = 0; p < P; p++)
      for (int v = 0; v < kPanelVectors; v++) {
        const auto w = Products<T>::load_units(weights + (p * units + i) * kPanel + v * kLanes);
        for (int r = 0; r < R; r++) {
          Vec& one = part[r][p * kPanelVectors + v];
          one = Products<T>::add(one, w, x[r * units + i]);
        }
      }
  }
  for (int r = 0; r < R; r++)
    for (int v = 0; v < P * kPanelVectors; v++) store(sums + r * P * kPanel + v * kLanes, part[r][v]);
}

/** One row alone would wait for each sum's last addition: few rows take several panels together. */
constexpr int panels_beside(int rows) { return kTile / rows > 4 ? 4 : kTile / rows; }

template <class T, int R = kTile>
POSTTRAIN_INLINE void run_tile(int rows, int panels, int64_t units, const Unit<T>* x, const Unit<T>* weights,
                               const Unit<T>* ahead, float* sums) {
  if constexpr (R > 1) {
    if (rows < R) return run_tile<T, R - 1>(rows, panels, units, x, weights, ahead, sums);
  }
  if constexpr (panels_beside(R) > 1) {
    if (panels > 1) return tile<T, R, panels_beside(R)>(units, x, weights, ahead, sums);
  }
  tile<T, R, 1>(units, x, weights, ahead, sums);
}

/**
 * Calls `done(row, panel, sums)` for each row and panel, with 32 sums. Rows are cut into equal tiles: 32 are 10, 11 and 11.
 * Panel after panel, so that a panel is read from memory once for all rows.
 */
template <class T, class Done>
POSTTRAIN_INLINE void multiply(const PackedLinear<T>& linear, int64_t begin, int64_t end, const Done& done) {
  const int64_t units = linear.inputs / Products<T>::elements;
  const auto* x = reinterpret_cast<const Unit<T>*>(linear.x);
  const auto* weights = reinterpret_cast<const Unit<T>*>(linear.packed);
  float sums[kTile * kPanel];
  for (int64_t first = 0; first < linear.rows; first += kRows) {
    const int64_t count = linear.rows - first < kRows ? linear.rows - first : kRows, tiles = (count + kTile - 1) / kTile;
    const int together = tiles == 1 ? panels_beside(static_cast<int>(count)) : 1;
    for (int64_t panel = begin; panel < end;) {
      const int panels = panel + together <= end ? together : 1;
      for (int64_t t = 0; t < tiles; t++) {
        const int64_t row = first + count * t / tiles;
        const int rows = static_cast<int>(first + count * (t + 1) / tiles - row);
        // The tiles that find the panel in the cache fetch the next one, half of it each.
        const int64_t next = panel + (t > 0 && panel + 1 < end ? 1 : 0), half = next > panel && t > 1 ? units * kPanel / 2 : 0;
        const auto* ahead = weights + next * units * kPanel + half;
        run_tile<T>(rows, panels, units, x + row * units, weights + panel * units * kPanel, ahead, sums);
        for (int r = 0; r < rows; r++)
          for (int p = 0; p < panels; p++) done(row + r, panel + p, sums + (r * panels + p) * kPanel);
      }
      panel += panels;
    }
  }
}

/** Calls `body(i, y, extent)` for those vectors y of a panel's sums that are outputs, the bias added; `i` is the first one's number. */
template <class T, class F>
POSTTRAIN_INLINE void each_output(const PackedLinear<T>& linear, int64_t panel, const float* sums, const F& body) {
  const int64_t first = panel * kPanel;
  const int64_t end = linear.outputs < first + kPanel ? linear.outputs : first + kPanel;
  each_vector(first, end, [&](int64_t i, auto extent) {
    const Vec sum = load(sums + i - first);
    body(i, linear.bias ? sum + get(linear.bias + i, extent) : sum, extent);
  });
}

template <class T, class Y>
void store_as(const PackedLinear<T>& linear, int64_t begin, int64_t end, Y* y) {
  multiply(linear, begin, end, [&](int64_t row, int64_t panel, const float* sums) {
    Y* to = y + row * linear.outputs;
    each_output(linear, panel, sums, [&](int64_t i, Vec value, auto extent) { put(to + i, value, extent); });
  });
}

template <class T>
void add(const PackedLinear<T>& linear, int64_t begin, int64_t end, float* y) {
  multiply(linear, begin, end, [&](int64_t row, int64_t panel, const float* sums) {
    float* to = y + row * linear.outputs;
    each_output(linear, panel, sums,
                [&](int64_t i, Vec value, auto extent) { put(to + i, get(to + i, extent) + value, extent); });
  });
}

template <class T>
void store_gated(const PackedLinear<T>& linear, int64_t begin, int64_t end, T* y, int64_t inner) {
  multiply(linear, begin, end, [&](int64_t row, int64_t panel, const float* sums) {
    constexpr int64_t half = kPanel / 2;
    const int64_t first = panel * half;
    const float* bias = linear.bias ? linear.bias + panel * kPanel : nullptr;
    each_vector(first, inner < first + half ? inner : first + half, [&](int64_t i, auto extent) {
      Vec gate = load(sums + i - first), up = load(sums + half + i - first);
      if (bias) gate += load(bias + i - first), up += load(bias + half + i - first);
      put(y + row * inner + i, gate / (exponential(-gate) + 1.f) * up, extent);
    });
  });
}

template <class T>
constexpr PackedLinearOf<T> of() {
  return {pack<T>, normalize<T>, store_as<T, T>, store_as<T, float>, add<T>, store_gated<T>};
}

}  // namespace

const PackedLinears packed_linears = {of<float>(), of<bf16>()};

}  // namespace posttrain::kernels::POSTTRAIN_LEVEL
