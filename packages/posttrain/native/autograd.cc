// Gradients: what the dispatcher cannot do. libtorch's own autograd records every operator called with grad mode on.
#include <ATen/core/grad_mode.h>

#include "napi.h"

namespace posttrain {
namespace {

napi_value backward(napi_env env, napi_callback_info info) {
  return guarded(env, [&]() -> napi_value {
    Arguments<3> args(env, info);
    std::optional<at::Tensor> gradient;
    if (!is_nullish(env, args[1])) gradient = to_tensor(env, args[1]);
    to_tensor(env, args[0])._backward({}, gradient, to_bool(env, args[2]), false);
    return undefined(env);
  });
}

napi_value grad(napi_env env, napi_callback_info info) {
  return guarded(env, [&]() -> napi_value {
    Arguments<1> args(env, info);
    return from_handle(env, to_tensor(env, args[0]).grad());
  });
}

napi_value set_grad(napi_env env, napi_callback_info info) {
  return guarded(env, [&]() -> napi_value {
    Arguments<2> args(env, info);
    to_tensor(env, args[0]).mutable_grad() = is_nullish(env, args[1]) ? at::Tensor() : to_tensor(env, args[1]);
    return undefined(env);
  });
}

napi_value requires_grad(napi_env env, napi_callback_info info) {
  return guarded(env, [&]() -> napi_value {
    Arguments<1> args(env, info);
    napi_value out;
    napi_get_boolean(env, to_tensor(env, args[0]).requires_grad(), &out);
    return out;
  });
}

napi_value set_requires_grad(napi_env env, napi_callback_info info) {
  return guarded(env, [&]() -> napi_value {
    Arguments<2> args(env, info);
    to_tensor(env, args[0]).set_requires_grad(to_bool(env, args[1]));
    return undefined(env);
  });
}

napi_value set_grad_enabled(napi_env env, napi_callback_info info) {
  return guarded(env, [&]() -> napi_value {
    Arguments<1> args(env, info);
    napi_value previous;
    napi_get_boolean(env, at::GradMode::is_enabled(), &previous);
    at::GradMode::set_enabled(to_bool(env, args[0]));
    return previous;
  });
}

}  // namespace

void define_autograd(napi_env env, napi_value exports) {
  define(env, exports, "backward", backward);
  define(env, exports, "grad", grad);
  define(env, exports, "setGrad", set_grad);
  define(env, exports, "requiresGrad", requires_grad);
  define(env, exports, "setRequiresGrad", set_requires_grad);
  define(env, exports, "setGradEnabled", set_grad_enabled);
}

}  // namespace posttrain
