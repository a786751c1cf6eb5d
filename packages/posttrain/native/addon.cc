// Entry of the addon: errors, and the parts that register themselves.
#include <c10/util/Exception.h>

#include "napi.h"

namespace posttrain {

namespace {
napi_ref error_factory = nullptr;

napi_value set_error_factory(napi_env env, napi_callback_info info) {
  Arguments<1> args(env, info);
  if (error_factory) napi_delete_reference(env, error_factory);
  napi_create_reference(env, args[0], 1, &error_factory);
  return undefined(env);
}
}  // namespace

napi_value raise(napi_env env, const std::string& message) {
  bool pending = false;
  napi_is_exception_pending(env, &pending);
  if (pending) return nullptr;
  napi_value factory = nullptr, error = nullptr, receiver = undefined(env);
  if (error_factory) napi_get_reference_value(env, error_factory, &factory);
  napi_value text = from_string(env, message);
  if (!factory || napi_call_function(env, receiver, factory, 1, &text, &error) != napi_ok) {
    napi_throw_error(env, nullptr, message.c_str());
    return nullptr;
  }
  napi_throw(env, error);
  return nullptr;
}

std::string message_of(const std::exception& error) {
  if (const auto* torch_error = dynamic_cast<const c10::Error*>(&error)) return torch_error->what_without_backtrace();
  return error.what();
}

}  // namespace posttrain

static napi_value init(napi_env env, napi_value exports) {
  static bool loaded = false;
  if (loaded) {
    napi_throw_error(env, nullptr, "libtorch's addon is already loaded by another thread of this process");
    return exports;
  }
  loaded = true;
  posttrain::define(env, exports, "setErrorFactory", posttrain::set_error_factory);
  posttrain::define_dispatch(env, exports);
  posttrain::define_autograd(env, exports);
  posttrain::define_storage(env, exports);
  posttrain::define_runtime(env, exports);
  posttrain::define_memory(env, exports);
  posttrain::define_levels(env, exports);
  posttrain::define_decode(env, exports);
  return exports;
}

NAPI_MODULE(posttrain, init)
