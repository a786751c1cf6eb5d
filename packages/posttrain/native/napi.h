// The few conversions between JavaScript values and C++ that every part of the addon needs.
#pragma once
#define NAPI_VERSION 8
#include <node_api.h>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "handles.h"

namespace posttrain {

/** A mistake of the caller, told in the words of the caller: becomes a JavaScript error as it is. */
struct ArgumentError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

inline void check(napi_status status, const char* what) {
  if (status != napi_ok) throw ArgumentError(what);
}

inline napi_value undefined(napi_env env) {
  napi_value value;
  napi_get_undefined(env, &value);
  return value;
}

inline bool is_nullish(napi_env env, napi_value value) {
  napi_valuetype type;
  napi_typeof(env, value, &type);
  return type == napi_undefined || type == napi_null;
}

inline int32_t to_int32(napi_env env, napi_value value) {
  int32_t out;
  check(napi_get_value_int32(env, value, &out), "expected an integer");
  return out;
}

inline double to_double(napi_env env, napi_value value) {
  double out;
  check(napi_get_value_double(env, value, &out), "expected a number");
  return out;
}

inline int64_t to_int64(napi_env env, napi_value value) {
  const double number = to_double(env, value);
  const auto whole = static_cast<int64_t>(number);
  if (static_cast<double>(whole) != number) throw ArgumentError("expected a whole number, got " + std::to_string(number));
  return whole;
}

inline bool to_bool(napi_env env, napi_value value) {
  bool out;
  check(napi_get_value_bool(env, value, &out), "expected true or false");
  return out;
}

inline std::string to_string(napi_env env, napi_value value) {
  size_t length = 0;
  check(napi_get_value_string_utf8(env, value, nullptr, 0, &length), "expected a string");
  std::string out(length, '\0');
  napi_get_value_string_utf8(env, value, out.data(), length + 1, &length);
  return out;
}

inline at::Tensor& to_tensor(napi_env env, napi_value value) {
  int32_t handle;
  check(napi_get_value_int32(env, value, &handle), "expected a tensor");
  if (!handles().valid(handle)) throw ArgumentError("this tensor was freed");
  return handles().at(handle);
}

/** The elements of an array, or the value itself where a single one was given. */
template <typename F>
void each(napi_env env, napi_value value, F visit) {
  bool is_array = false;
  napi_is_array(env, value, &is_array);
  if (!is_array) {
    visit(value);
    return;
  }
  uint32_t length = 0;
  napi_get_array_length(env, value, &length);
  for (uint32_t i = 0; i < length; i++) {
    napi_value element;
    check(napi_get_element(env, value, i, &element), "unreadable array");
    visit(element);
  }
}

inline std::vector<int64_t> to_ints(napi_env env, napi_value value) {
  std::vector<int64_t> out;
  each(env, value, [&](napi_value element) { out.push_back(to_int64(env, element)); });
  return out;
}

inline napi_value from_int(napi_env env, int64_t number) {
  napi_value value;
  napi_create_int64(env, number, &value);
  return value;
}

inline napi_value from_handle(napi_env env, at::Tensor tensor) {
  napi_value value;
  napi_create_int32(env, handles().put(std::move(tensor)), &value);
  return value;
}

inline napi_value from_string(napi_env env, const std::string& text) {
  napi_value value;
  napi_create_string_utf8(env, text.data(), text.size(), &value);
  return value;
}

/** The bytes behind a typed array, DataView or Buffer. */
struct Bytes {
  void* data = nullptr;
  size_t size = 0;
};

inline Bytes to_bytes(napi_env env, napi_value value) {
  bool is_typed = false;
  napi_is_typedarray(env, value, &is_typed);
  if (!is_typed) throw ArgumentError("expected a typed array");
  napi_typedarray_type type;
  size_t length = 0;
  Bytes out;
  napi_get_typedarray_info(env, value, &type, &length, &out.data, nullptr, nullptr);
  static const size_t widths[] = {1, 1, 1, 2, 2, 4, 4, 4, 8, 8, 8};
  if (type > napi_biguint64_array) throw ArgumentError("unsupported kind of typed array");
  out.size = length * widths[type];
  return out;
}

/** Arguments of one call. */
template <size_t N>
struct Arguments {
  napi_value values[N];
  size_t count = N;
  Arguments(napi_env env, napi_callback_info info) { napi_get_cb_info(env, info, &count, values, nullptr, nullptr); }
  napi_value operator[](size_t i) const { return values[i]; }
};

/** Throws `message` to JavaScript through the error factory that TypeScript registered. Returns nullptr. */
napi_value raise(napi_env env, const std::string& message);

/** What libtorch says, without its C++ backtrace. */
std::string message_of(const std::exception& error);

/** Runs `body`; whatever it throws becomes a JavaScript error. No C++ exception crosses into Node. */
template <typename F>
napi_value guarded(napi_env env, F body) {
  try {
    return body();
  } catch (const std::exception& error) {
    return raise(env, message_of(error));
  } catch (...) {
    return raise(env, "an unknown native exception");
  }
}

void define_dispatch(napi_env env, napi_value exports);
void define_autograd(napi_env env, napi_value exports);
void define_storage(napi_env env, napi_value exports);
void define_runtime(napi_env env, napi_value exports);
void define_memory(napi_env env, napi_value exports);
void define_levels(napi_env env, napi_value exports);
void define_decode(napi_env env, napi_value exports);

inline void define(napi_env env, napi_value exports, const char* name, napi_callback callback) {
  napi_value function;
  napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, nullptr, &function);
  napi_set_named_property(env, exports, name, function);
}

}  // namespace posttrain
