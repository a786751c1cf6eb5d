// Handles, and the bytes behind them: in from JavaScript, out to JavaScript.
#include <ATen/ops/empty.h>
#include <c10/core/ScalarType.h>

#include <cstring>

#include "napi.h"

namespace posttrain {
namespace {

napi_value release(napi_env env, napi_callback_info info) {
  Arguments<1> args(env, info);
  int32_t handle = 0;
  napi_get_value_int32(env, args[0], &handle);
  handles().release(handle);
  return nullptr;
}

/** One call for the many tensors of a scope. */
napi_value release_all(napi_env env, napi_callback_info info) {
  return guarded(env, [&]() -> napi_value {
    Arguments<1> args(env, info);
    each(env, args[0], [&](napi_value element) { handles().release(to_int32(env, element)); });
    return undefined(env);
  });
}

napi_value sizes(napi_env env, napi_callback_info info) {
  return guarded(env, [&]() -> napi_value {
    Arguments<1> args(env, info);
    const auto dims = to_tensor(env, args[0]).sizes();
    napi_value out;
    napi_create_array_with_length(env, dims.size(), &out);
    for (size_t i = 0; i < dims.size(); i++) napi_set_element(env, out, i, from_int(env, dims[i]));
    return out;
  });
}

napi_value dtype(napi_env env, napi_callback_info info) {
  return guarded(env, [&]() -> napi_value {
    Arguments<1> args(env, info);
    return from_int(env, static_cast<int64_t>(to_tensor(env, args[0]).scalar_type()));
  });
}

napi_value device(napi_env env, napi_callback_info info) {
  return guarded(env, [&]() -> napi_value {
    Arguments<1> args(env, info);
    return from_string(env, to_tensor(env, args[0]).device().str());
  });
}

/** A new CPU tensor with a copy of the bytes: fromBytes(typedArray, dtype, sizes). */
napi_value from_bytes(napi_env env, napi_callback_info info) {
  return guarded(env, [&]() -> napi_value {
    Arguments<3> args(env, info);
    const auto bytes = to_bytes(env, args[0]);
    auto tensor = at::empty(to_ints(env, args[2]), at::TensorOptions().dtype(static_cast<at::ScalarType>(to_int32(env, args[1]))));
    if (tensor.nbytes() != bytes.size)
      throw ArgumentError("the shape needs " + std::to_string(tensor.nbytes()) + " bytes, the array has " + std::to_string(bytes.size));
    if (bytes.size) std::memcpy(tensor.data_ptr(), bytes.data, bytes.size);
    return from_handle(env, tensor);
  });
}

/** Copies bytes [offset, offset + target.length) of a contiguous CPU tensor into a typed array. */
napi_value read_bytes(napi_env env, napi_callback_info info) {
  return guarded(env, [&]() -> napi_value {
    Arguments<3> args(env, info);
    const auto& tensor = to_tensor(env, args[0]);
    const auto offset = static_cast<size_t>(to_int64(env, args[1]));
    const auto bytes = to_bytes(env, args[2]);
    if (!tensor.is_cpu() || !tensor.is_contiguous()) throw ArgumentError("only a contiguous CPU tensor can be read");
    if (offset + bytes.size > tensor.nbytes()) throw ArgumentError("reading past the end of the tensor");
    if (bytes.size) std::memcpy(bytes.data, static_cast<const char*>(tensor.const_data_ptr()) + offset, bytes.size);
    return undefined(env);
  });
}

napi_value item(napi_env env, napi_callback_info info) {
  return guarded(env, [&]() -> napi_value {
    Arguments<1> args(env, info);
    const auto scalar = to_tensor(env, args[0]).item();
    napi_value out;
    napi_create_double(env, scalar.isBoolean() ? (scalar.toBool() ? 1 : 0) : scalar.toDouble(), &out);
    return out;
  });
}

}  // namespace

void define_storage(napi_env env, napi_value exports) {
  define(env, exports, "release", release);
  define(env, exports, "releaseAll", release_all);
  define(env, exports, "sizes", sizes);
  define(env, exports, "dtype", dtype);
  define(env, exports, "device", device);
  define(env, exports, "fromBytes", from_bytes);
  define(env, exports, "readBytes", read_bytes);
  define(env, exports, "item", item);
}

}  // namespace posttrain
