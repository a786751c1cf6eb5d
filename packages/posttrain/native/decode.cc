// The pieces of a decoding step, on buffers that live from step to step. They are called past the dispatcher: a step makes
// five calls a block, and for a small model the calls are what it costs.
#include <ATen/core/Tensor.h>

#include <cmath>
#include <cstring>

#if defined(__linux__)
#include <sys/mman.h>
#endif

#include "levels.h"
#include "napi.h"

namespace posttrain {
namespace {

using kernels::bf16;

void require(bool condition, const char* what) {
  if (!condition) throw ArgumentError(what);
}

bool is_bf16(const at::Tensor& x) { return x.scalar_type() == at::kBFloat16; }

template <class T>
T* data_of(const at::Tensor& x, const char* name) {
  const auto type = std::is_same_v<T, bf16> ? at::kBFloat16 : at::kFloat;
  if (!x.is_cpu() || !x.is_contiguous() || x.scalar_type() != type)
    throw ArgumentError(std::string("decoding: ") + name + " must be contiguous " + c10::toString(type) + " on the CPU");
  return static_cast<T*>(x.data_ptr());
}

/** Rows [0, count) of a buffer [rows, width]. */
template <class T>
T* rows_of(const at::Tensor& x, int64_t count, int64_t width, const char* name) {
  T* data = data_of<T>(x, name);
  if (x.dim() != 2 || x.size(1) != width || x.size(0) < count)
    throw ArgumentError(std::string("decoding: ") + name + " does not hold " + std::to_string(count) + " rows of " + std::to_string(width));
  return data;
}

struct Integers {
  const int32_t* data;
  int64_t count;
};

Integers to_integers(napi_env env, napi_value value) {
  const auto bytes = to_bytes(env, value);
  return {static_cast<const int32_t*>(bytes.data), static_cast<int64_t>(bytes.size / 4)};
}

/** A thread's own memory, which only grows. */
float* scratch_of(int64_t count) {
  static thread_local std::vector<float> memory;
  if (static_cast<int64_t>(memory.size()) < count) memory.resize(count);
  return memory.data();
}

template <class T>
const kernels::PackedLinearOf<T>& linears() {
  if constexpr (std::is_same_v<T, bf16>) return kernel_table().packed_linears.of_bf16;
  else return kernel_table().packed_linears.of_float;
}

template <class T>
const kernels::CachedAttentionOf<T>& attentions() {
  if constexpr (std::is_same_v<T, bf16>) return kernel_table().cached_attentions.of_bf16;
  else return kernel_table().cached_attentions.of_float;
}

/** Asks the system for large pages, where it gives them on request: weights and cache are read from end to end. */
napi_value use_large_pages(napi_env env, napi_callback_info info) {
  return guarded(env, [&]() -> napi_value {
    Arguments<1> args(env, info);
    const auto& tensor = to_tensor(env, args[0]);
#if defined(__linux__)
    constexpr uintptr_t page = 2 << 20;
    const auto begin = reinterpret_cast<uintptr_t>(tensor.data_ptr());
    const auto first = (begin + page - 1) / page * page, last = (begin + tensor.nbytes()) / page * page;
    if (last > first) madvise(reinterpret_cast<void*>(first), last - first, MADV_HUGEPAGE);
#endif
    return undefined(env);
  });
}

/** packLinear(weight [outputs, inputs], packed [panels, inputs, 32]) */
napi_value pack_linear(napi_env env, napi_callback_info info) {
  return guarded(env, [&]() -> napi_value {
    Arguments<2> args(env, info);
    const auto &weight = to_tensor(env, args[0]), &packed = to_tensor(env, args[1]);
    const auto run = [&]<class T>(T*) {
      const int64_t outputs = weight.size(0), inputs = weight.size(1);
      const int64_t panels = (outputs + kernels::kPanel - 1) / kernels::kPanel;
      require(packed.dim() == 3 && packed.size(0) == panels && packed.size(1) == inputs && packed.size(2) == kernels::kPanel,
              "decoding: the packed matrix has another size than its weight");
      require(sizeof(T) == 4 || inputs % 2 == 0, "decoding: a matrix in bf16 must have an even number of inputs");
      const T* from = data_of<T>(weight, "weight");
      T* to = data_of<T>(packed, "packed");
      in_ranges(panels, 4, outputs * inputs,
                [&](int64_t begin, int64_t end) { linears<T>().pack(begin, end, outputs, inputs, from, to); });
    };
    is_bf16(weight) ? run(static_cast<bf16*>(nullptr)) : run(static_cast<float*>(nullptr));
    return undefined(env);
  });
}

/** embedRows(table [V, D], tokens, x): the tokens' rows, in float32. */
napi_value embed_rows(napi_env env, napi_callback_info info) {
  return guarded(env, [&]() -> napi_value {
    Arguments<3> args(env, info);
    const auto &table = to_tensor(env, args[0]), &x = to_tensor(env, args[2]);
    const auto tokens = to_integers(env, args[1]);
    const int64_t width = table.size(1), vocabulary = table.size(0);
    float* to = rows_of<float>(x, tokens.count, width, "x");
    for (int64_t i = 0; i < tokens.count; i++)
      require(tokens.data[i] >= 0 && tokens.data[i] < vocabulary, "decoding: a token is outside the vocabulary");
    if (is_bf16(table)) {
      const bf16* from = data_of<bf16>(table, "table");
      for (int64_t i = 0; i < tokens.count; i++)
        for (int64_t j = 0; j < width; j++) {
          const uint32_t word = uint32_t(from[tokens.data[i] * width + j].bits) << 16;
          std::memcpy(to + i * width + j, &word, 4);
        }
    } else {
      const float* from = data_of<float>(table, "table");
      for (int64_t i = 0; i < tokens.count; i++) std::memcpy(to + i * width, from + tokens.data[i] * width, 4 * width);
    }
    return undefined(env);
  });
}

/** takeRows(x, rows): rows, rising, move to the front. */
napi_value take_rows(napi_env env, napi_callback_info info) {
  return guarded(env, [&]() -> napi_value {
    Arguments<2> args(env, info);
    const auto& x = to_tensor(env, args[0]);
    const auto rows = to_integers(env, args[1]);
    float* data = data_of<float>(x, "x");
    const int64_t width = x.size(1);
    for (int64_t i = 0; i < rows.count; i++) {
      require(rows.data[i] >= i && rows.data[i] < x.size(0), "decoding: rows must rise and exist");
      if (rows.data[i] != i) std::memcpy(data + i * width, data + rows.data[i] * width, 4 * width);
    }
    return undefined(env);
  });
}

enum class Result { store, add, gated };

/** Panels of one task: an equal share for each thread, but no more than keep a busy thread from holding up the others. */
int64_t panels_of_task(int64_t panels) {
  const int64_t threads = at::get_num_threads();
  return std::clamp<int64_t>((panels + threads - 1) / threads, 1, 16);
}

template <class T>
void multiply(const T* x, int64_t rows, const at::Tensor& packed, int64_t outputs, const float* bias, const at::Tensor& y, Result result) {
  const kernels::PackedLinear<T> linear = {rows, packed.size(1), outputs, x, data_of<T>(packed, "packed"), bias};
  const int64_t panels = packed.size(0);
  require((outputs + kernels::kPanel - 1) / kernels::kPanel == panels, "decoding: the packed matrix has another number of outputs");
  const auto spread = [&](auto run) {
    // A few rows cost as much as reading the weights, and that many products take as long as four elements of other work.
    in_ranges(panels, panels_of_task(panels), outputs * linear.inputs * (1 + rows / 8) / 4, run);
  };
  const auto& table = linears<T>();
  if (result == Result::gated) {
    const int64_t inner = y.size(1);
    require((inner + 15) / 16 * kernels::kPanel == outputs, "decoding: gates and ups do not fit the result");
    T* to = rows_of<T>(y, rows, inner, "y");
    spread([&](int64_t begin, int64_t end) { table.store_gated(linear, begin, end, to, inner); });
  } else if (result == Result::add) {
    float* to = rows_of<float>(y, rows, outputs, "y");
    spread([&](int64_t begin, int64_t end) { table.add(linear, begin, end, to); });
  } else if (is_bf16(y)) {
    if constexpr (std::is_same_v<T, bf16>) {
      T* to = rows_of<T>(y, rows, outputs, "y");
      spread([&](int64_t begin, int64_t end) { table.store(linear, begin, end, to); });
    } else {
      throw ArgumentError("decoding: float32 products are not stored as bf16");
    }
  } else {
    float* to = rows_of<float>(y, rows, outputs, "y");
    spread([&](int64_t begin, int64_t end) { table.store_wide(linear, begin, end, to); });
  }
}

const float* bias_of(napi_env env, napi_value value, int64_t outputs) {
  if (to_int32(env, value) == 0) return nullptr;
  const auto& bias = to_tensor(env, value);
  require(bias.numel() == outputs, "decoding: the bias has another number of outputs");
  return data_of<float>(bias, "bias");
}

/** normLinear(x, rows, weight, epsilon, normed, packed, outputs, bias, y, gated): y = (norm of x)·Wᵀ + b, or silu(gate)·up of it. */
napi_value norm_linear(napi_env env, napi_callback_info info) {
  return guarded(env, [&]() -> napi_value {
    Arguments<10> args(env, info);
    const auto &x = to_tensor(env, args[0]), &weight = to_tensor(env, args[2]), &normed = to_tensor(env, args[4]),
               &packed = to_tensor(env, args[5]), &y = to_tensor(env, args[8]);
    const int64_t rows = to_int32(env, args[1]), outputs = to_int32(env, args[6]), width = packed.size(1);
    const auto epsilon = static_cast<float>(to_double(env, args[3]));
    const auto result = to_bool(env, args[9]) ? Result::gated : Result::store;
    const float* bias = bias_of(env, args[7], outputs);
    const float* from = rows_of<float>(x, rows, width, "x");
    const float* scales = data_of<float>(weight, "norm");
    require(weight.numel() == width, "decoding: the norm has another width");
    const auto run = [&]<class T>(T*) {
      T* to = rows_of<T>(normed, rows, width, "normed");
      in_ranges(rows, 8, rows * width,
                [&](int64_t begin, int64_t end) { linears<T>().normalize(begin, end, width, from, scales, epsilon, to); });
      multiply<T>(to, rows, packed, outputs, bias, y, result);
    };
    is_bf16(packed) ? run(static_cast<bf16*>(nullptr)) : run(static_cast<float*>(nullptr));
    return undefined(env);
  });
}

/** addLinear(h, rows, packed, outputs, bias, x): x += h·Wᵀ + b, in float32. */
napi_value add_linear(napi_env env, napi_callback_info info) {
  return guarded(env, [&]() -> napi_value {
    Arguments<6> args(env, info);
    const auto &h = to_tensor(env, args[0]), &packed = to_tensor(env, args[2]), &x = to_tensor(env, args[5]);
    const int64_t rows = to_int32(env, args[1]), outputs = to_int32(env, args[3]);
    const float* bias = bias_of(env, args[4], outputs);
    const auto run = [&]<class T>(T*) {
      multiply<T>(rows_of<T>(h, rows, packed.size(1), "h"), rows, packed, outputs, bias, x, Result::add);
    };
    is_bf16(packed) ? run(static_cast<bf16*>(nullptr)) : run(static_cast<float*>(nullptr));
    return undefined(env);
  });
}

/** Queries of one task. */
constexpr int64_t kTokens = 32;

template <class T>
void attend(const kernels::CachedAttention<T>& attention, int64_t sequences) {
  const auto& kernel = attentions<T>();
  const int64_t kv_heads = attention.kv_heads, tokens = attention.starts[sequences];
  struct Task {
    int32_t sequence, kv_head, begin, end;
  };
  static std::vector<Task> tasks;
  tasks.clear();
  int64_t seen = 0, longest = 0;
  bool one_each = true;
  for (int32_t sequence = 0; sequence < sequences; sequence++) {
    const int32_t count = attention.starts[sequence + 1] - attention.starts[sequence];
    one_each = one_each && count == 1;
    seen += int64_t(attention.lengths[sequence] + count) * count;
    longest = std::max<int64_t>(longest, attention.lengths[sequence] + count);
    // The last ones see most, and so come first.
    for (int32_t end = count; end > 0; end -= kTokens)
      for (int32_t kv_head = 0; kv_head < kv_heads; kv_head++)
        tasks.push_back({sequence, kv_head, std::max<int32_t>(0, end - kTokens), end});
  }
  const int64_t scratch = kernel.scratch(longest), work = seen * kv_heads * attention.width * 2;
  const auto store = [&](int64_t task, int64_t) { kernel.store(attention, task / kv_heads, task % kv_heads); };
  const auto answer = [&](int64_t task, int64_t) {
    const auto& [sequence, kv_head, begin, end] = tasks[task];
    kernel.attend(attention, sequence, kv_head, begin, end, scratch_of(scratch));
  };
  if (one_each) {
    in_parallel(static_cast<int64_t>(tasks.size()), work, [&](int64_t task, int64_t worker) {
      store(task, worker);
      answer(task, worker);
    });
    return;
  }
  in_parallel(sequences * kv_heads, tokens * attention.line, store);
  in_parallel(static_cast<int64_t>(tasks.size()), work, answer);
}

/**
 * cachedAttention(projected, heads, kvHeads, starts, lengths, blocks, cos, sin, keys, values, out): turns queries and keys,
 * caches keys and values, and attends; what the arrays hold is said at kernels::CachedAttention.
 */
napi_value cached_attention(napi_env env, napi_callback_info info) {
  return guarded(env, [&]() -> napi_value {
    Arguments<11> args(env, info);
    const auto &projected = to_tensor(env, args[0]), &cos = to_tensor(env, args[6]), &sin = to_tensor(env, args[7]),
               &keys = to_tensor(env, args[8]), &values = to_tensor(env, args[9]), &out = to_tensor(env, args[10]);
    const int64_t heads = to_int32(env, args[1]), kv_heads = to_int32(env, args[2]);
    const auto starts = to_integers(env, args[3]), lengths = to_integers(env, args[4]), blocks = to_integers(env, args[5]);
    const int64_t sequences = starts.count - 1, width = cos.size(-1);
    require(sequences >= 1 && lengths.count >= sequences && blocks.count % sequences == 0, "decoding: the sequences' arrays do not fit");
    require(starts.data[0] == 0 && cos.size(0) == sin.size(0) && cos.numel() == sin.numel(), "decoding: the rotary table does not fit");
    const int64_t tokens = starts.data[sequences], each = blocks.count / sequences;
    const int64_t line = (heads + 2 * kv_heads) * width, wide = (width + 15) / 16 * 16;
    require(keys.dim() == 2 && keys.size(1) == kv_heads * width * kernels::kCacheBlock, "decoding: the keys' cache has another width");
    require(values.dim() == 2 && values.size(1) == kv_heads * wide * kernels::kCacheBlock && values.size(0) == keys.size(0),
            "decoding: the values' cache has another size");
    for (int64_t s = 0; s < sequences; s++) {
      const int64_t count = starts.data[s + 1] - starts.data[s], end = lengths.data[s] + count;
      require(count >= 1 && lengths.data[s] >= 0 && end <= cos.size(0), "decoding: a position is outside the rotary table");
      const int64_t used = (end + kernels::kCacheBlock - 1) / kernels::kCacheBlock;
      require(used <= each, "decoding: a sequence has too few blocks");
      for (int64_t b = 0; b < used; b++)
        require(blocks.data[s * each + b] >= 0 && blocks.data[s * each + b] < keys.size(0), "decoding: a block is outside the cache");
    }
    const auto run = [&]<class T>(T*) {
      attend<T>({heads, kv_heads, width, line, rows_of<T>(projected, tokens, line, "projected"), starts.data, lengths.data,
                 blocks.data, each, data_of<float>(cos, "cos"), data_of<float>(sin, "sin"), data_of<T>(keys, "keys"),
                 data_of<T>(values, "values"), rows_of<T>(out, tokens, heads * width, "out")},
                sequences);
    };
    is_bf16(projected) ? run(static_cast<bf16*>(nullptr)) : run(static_cast<float*>(nullptr));
    return undefined(env);
  });
}

/** sampleRows(logits, temperature, topK, topP, minP, uniform: Float64Array, tokens: Int32Array, logps: Float32Array) */
napi_value sample_rows(napi_env env, napi_callback_info info) {
  return guarded(env, [&]() -> napi_value {
    Arguments<8> args(env, info);
    const auto& logits = to_tensor(env, args[0]);
    require(logits.dim() == 2, "sampling: logits must be [rows, vocabulary]");
    const int64_t vocabulary = logits.size(1);
    const kernels::Sampling sampling = {static_cast<float>(to_double(env, args[1])), to_int64(env, args[2]),
                                        to_double(env, args[3]), to_double(env, args[4])};
    require(sampling.top_k >= 1, "sampling: topK must be at least 1");
    const auto uniform = to_bytes(env, args[5]), tokens = to_bytes(env, args[6]), logps = to_bytes(env, args[7]);
    const auto rows = static_cast<int64_t>(uniform.size / sizeof(double));
    require(tokens.size == uniform.size / 2 && logps.size == uniform.size / 2, "sampling: one number, token and log-probability a row");
    const float* from = rows_of<float>(logits, rows, vocabulary, "logits");
    const auto& kernel = kernel_table().sampler;
    const int64_t scratch = kernel.scratch(vocabulary);
    in_parallel(rows, rows * vocabulary, [&](int64_t row, int64_t) {
      const auto [token, logp] = kernel.sample(sampling, vocabulary, from + row * vocabulary,
                                               static_cast<const double*>(uniform.data)[row], scratch_of(scratch));
      static_cast<int32_t*>(tokens.data)[row] = token;
      static_cast<float*>(logps.data)[row] = logp;
    });
    return undefined(env);
  });
}

}  // namespace

void define_decode(napi_env env, napi_value exports) {
  define(env, exports, "useLargePages", use_large_pages);
  define(env, exports, "packLinear", pack_linear);
  define(env, exports, "embedRows", embed_rows);
  define(env, exports, "takeRows", take_rows);
  define(env, exports, "normLinear", norm_linear);
  define(env, exports, "addLinear", add_linear);
  define(env, exports, "cachedAttention", cached_attention);
  define(env, exports, "sampleRows", sample_rows);
}

}  // namespace posttrain
