// Which of the compiled CPU levels the kernels of this process come from.
#include "levels.h"

#include "napi.h"

#if defined(__x86_64__)
#define POSTTRAIN_X64
namespace posttrain::kernels {
namespace v3 {
extern const Table table;
}
namespace avx512_bf16 {
extern const Table table;
}
}  // namespace posttrain::kernels
#endif

namespace posttrain {
namespace {

struct Level {
  const char* name;
  const kernels::Table* table;
  bool (*runs_here)();
};

const Level levels[] = {
    {"baseline", &kernels::baseline::table, [] { return true; }},
#ifdef POSTTRAIN_X64
    {"x86-64-v3", &kernels::v3::table,
     [] {
       return bool(__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi") &&
                   __builtin_cpu_supports("bmi2"));
     }},
    {"avx512-bf16", &kernels::avx512_bf16::table,
     [] {
       return bool(__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                   __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
                   __builtin_cpu_supports("avx512bf16"));
     }},
#endif
};

const Level* current = &levels[0];

/** useLevel(name): all kernels called from now on are of this level. */
napi_value use_level(napi_env env, napi_callback_info info) {
  return guarded(env, [&]() -> napi_value {
    Arguments<1> args(env, info);
    const auto name = to_string(env, args[0]);
    for (const auto& level : levels) {
      if (name != level.name) continue;
      if (!level.runs_here()) throw ArgumentError("this processor cannot run the kernels of level " + name);
      current = &level;
      return undefined(env);
    }
    throw ArgumentError("no kernels are compiled for the CPU level " + name);
  });
}

napi_value level_in_use(napi_env env, napi_callback_info) { return from_string(env, current->name); }

}  // namespace

const kernels::Table& kernel_table() { return *current->table; }

void define_levels(napi_env env, napi_value exports) {
  define(env, exports, "useLevel", use_level);
  define(env, exports, "level", level_in_use);
}

}  // namespace posttrain
