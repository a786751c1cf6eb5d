// The state of libtorch as a whole: threads, random numbers, what this build can do.
#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <ATen/core/Generator.h>
#include <c10/core/Device.h>
#include <torch/version.h>

#include "napi.h"

namespace posttrain {
namespace {

const at::Generator& generator(napi_env env, napi_value device) {
  return at::globalContext().defaultGenerator(c10::Device(to_string(env, device)));
}

napi_value set_threads(napi_env env, napi_callback_info info) {
  return guarded(env, [&]() -> napi_value {
    Arguments<1> args(env, info);
    at::set_num_threads(to_int32(env, args[0]));
    return undefined(env);
  });
}

napi_value threads(napi_env env, napi_callback_info) { return from_int(env, at::get_num_threads()); }

napi_value manual_seed(napi_env env, napi_callback_info info) {
  return guarded(env, [&]() -> napi_value {
    Arguments<2> args(env, info);
    auto chosen = generator(env, args[0]);
    std::lock_guard<std::mutex> lock(chosen.mutex());
    chosen.set_current_seed(static_cast<uint64_t>(to_int64(env, args[1])));
    return undefined(env);
  });
}

napi_value rng_state(napi_env env, napi_callback_info info) {
  return guarded(env, [&]() -> napi_value {
    Arguments<1> args(env, info);
    auto chosen = generator(env, args[0]);
    std::lock_guard<std::mutex> lock(chosen.mutex());
    return from_handle(env, chosen.get_state());
  });
}

napi_value set_rng_state(napi_env env, napi_callback_info info) {
  return guarded(env, [&]() -> napi_value {
    Arguments<2> args(env, info);
    auto chosen = generator(env, args[0]);
    std::lock_guard<std::mutex> lock(chosen.mutex());
    chosen.set_state(to_tensor(env, args[1]));
    return undefined(env);
  });
}

napi_value build(napi_env env, napi_callback_info) {
  return guarded(env, [&]() -> napi_value {
    napi_value out;
    napi_create_object(env, &out);
    napi_set_named_property(env, out, "torch", from_string(env, TORCH_VERSION));
    napi_set_named_property(env, out, "cpu", from_string(env, at::get_cpu_capability()));
    napi_value cuda;
    napi_get_boolean(env, at::hasCUDA(), &cuda);
    napi_set_named_property(env, out, "cuda", cuda);
    return out;
  });
}

}  // namespace

void define_runtime(napi_env env, napi_value exports) {
  define(env, exports, "setThreads", set_threads);
  define(env, exports, "threads", threads);
  define(env, exports, "manualSeed", manual_seed);
  define(env, exports, "rngState", rng_state);
  define(env, exports, "setRngState", set_rng_state);
  define(env, exports, "build", build);
}

}  // namespace posttrain
