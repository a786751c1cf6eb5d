// Calls any registered operator by the name and types of its schema. One conversion routine serves them all;
// no operator is named here.
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/ivalue.h>
#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>

#include <cmath>
#include <sstream>

#include "napi.h"

namespace posttrain {
namespace {

enum class Kind { tensor, tensors, optional_tensors, integer, integers, number, numbers, boolean, booleans, scalar, scalars, optional_scalars, dtype, device, text, none_only };

struct Argument {
  Kind kind;
  bool optional;
  bool has_default;
  c10::IValue fallback;
  std::string name;
};

struct Operator {
  c10::OperatorHandle handle;
  std::string name;
  std::vector<Argument> arguments;
  std::vector<bool> returned;  // per result: false where it is an argument written in place, which the caller already holds
};

std::vector<Operator> operators;  // numbered from 1 on, so that 0 can mean "not looked up yet"

Kind kind_of(const c10::Type& type) {
  using K = c10::TypeKind;
  switch (type.kind()) {
    case K::TensorType: return Kind::tensor;
    case K::IntType: case K::SymIntType: case K::LayoutType: case K::MemoryFormatType: return Kind::integer;
    case K::FloatType: return Kind::number;
    case K::BoolType: return Kind::boolean;
    case K::NumberType: return Kind::scalar;
    case K::ScalarTypeType: return Kind::dtype;
    case K::DeviceObjType: return Kind::device;
    case K::StringType: return Kind::text;
    case K::ListType: {
      const auto& element = *type.castRaw<c10::ListType>()->getElementType();
      if (element.kind() == K::OptionalType)
        return element.castRaw<c10::OptionalType>()->getElementType()->kind() == K::NumberType ? Kind::optional_scalars : Kind::optional_tensors;
      switch (kind_of(element)) {
        case Kind::tensor: return Kind::tensors;
        case Kind::integer: return Kind::integers;
        case Kind::number: return Kind::numbers;
        case Kind::boolean: return Kind::booleans;
        case Kind::scalar: return Kind::scalars;
        default: return Kind::none_only;
      }
    }
    default: return Kind::none_only;  // generators, names, streams: only their default can be passed
  }
}

Argument describe(const c10::Argument& argument) {
  const c10::Type* type = argument.type().get();
  bool optional = false;
  if (type->kind() == c10::TypeKind::OptionalType) {
    optional = true;
    type = type->castRaw<c10::OptionalType>()->getElementType().get();
  }
  return {kind_of(*type), optional, argument.default_value().has_value(),
          argument.default_value().value_or(c10::IValue()), argument.name()};
}

c10::Scalar to_scalar(napi_env env, napi_value value) {
  napi_valuetype type;
  napi_typeof(env, value, &type);
  if (type == napi_boolean) return c10::Scalar(to_bool(env, value));
  const double number = to_double(env, value);
  // A whole number stays whole, so that it does not turn integer tensors into floats.
  if (std::nearbyint(number) == number && std::fabs(number) < 9007199254740992.0 && !(number == 0 && std::signbit(number)))
    return c10::Scalar(static_cast<int64_t>(number));
  return c10::Scalar(number);
}

c10::IValue convert(napi_env env, const Argument& argument, napi_value value) {
  if (is_nullish(env, value)) {
    if (argument.has_default) return argument.fallback;
    if (argument.optional) return c10::IValue();
    throw ArgumentError("argument \"" + argument.name + "\" is missing");
  }
  switch (argument.kind) {
    case Kind::tensor: return to_tensor(env, value);
    case Kind::integer: return to_int64(env, value);
    case Kind::number: return to_double(env, value);
    case Kind::boolean: return to_bool(env, value);
    case Kind::scalar: return to_scalar(env, value);
    case Kind::text: return to_string(env, value);
    case Kind::dtype: return static_cast<int64_t>(to_int32(env, value));
    case Kind::device: return c10::Device(to_string(env, value));
    case Kind::tensors: {
      c10::List<at::Tensor> list;
      each(env, value, [&](napi_value element) { list.push_back(to_tensor(env, element)); });
      return list;
    }
    case Kind::optional_tensors: {
      c10::List<std::optional<at::Tensor>> list;
      each(env, value, [&](napi_value element) {
        list.push_back(is_nullish(env, element) ? std::optional<at::Tensor>() : std::optional<at::Tensor>(to_tensor(env, element)));
      });
      return list;
    }
    case Kind::integers: return c10::IValue(to_ints(env, value));
    case Kind::numbers: {
      c10::List<double> list;
      each(env, value, [&](napi_value element) { list.push_back(to_double(env, element)); });
      return list;
    }
    case Kind::booleans: {
      c10::List<bool> list;
      each(env, value, [&](napi_value element) { list.push_back(to_bool(env, element)); });
      return list;
    }
    case Kind::scalars: {
      c10::impl::GenericList list(c10::NumberType::get());
      each(env, value, [&](napi_value element) { list.push_back(c10::IValue(to_scalar(env, element))); });
      return list;
    }
    case Kind::optional_scalars: {
      c10::List<std::optional<at::Scalar>> list;
      each(env, value, [&](napi_value element) {
        list.push_back(is_nullish(env, element) ? std::optional<at::Scalar>() : std::optional<at::Scalar>(to_scalar(env, element)));
      });
      return list;
    }
    case Kind::none_only: break;
  }
  throw ArgumentError("argument \"" + argument.name + "\" cannot be passed from JavaScript; leave it out");
}

napi_value result_of(napi_env env, const c10::IValue& value) {
  napi_value out;
  if (value.isTensor()) return from_handle(env, value.toTensor());
  if (value.isBool()) { napi_get_boolean(env, value.toBool(), &out); return out; }
  if (value.isInt()) return from_int(env, value.toInt());
  if (value.isDouble()) { napi_create_double(env, value.toDouble(), &out); return out; }
  if (value.isSymInt()) return from_int(env, value.toSymInt().expect_int());
  if (value.isString()) return from_string(env, value.toStringRef());
  if (value.isNone()) { napi_get_null(env, &out); return out; }
  if (value.isScalar()) { napi_create_double(env, value.toScalar().toDouble(), &out); return out; }
  if (value.isList()) {
    const auto list = value.toListRef();
    napi_create_array_with_length(env, list.size(), &out);
    for (size_t i = 0; i < list.size(); i++) napi_set_element(env, out, i, result_of(env, list[i]));
    return out;
  }
  throw ArgumentError("a result of type " + value.tagKind() + " cannot be returned to JavaScript");
}

void describe_tensor(std::ostringstream& out, const at::Tensor& tensor) {
  if (!tensor.defined()) { out << "no tensor"; return; }
  out << "[";
  for (int64_t i = 0; i < tensor.dim(); i++) out << (i ? ", " : "") << tensor.size(i);
  out << "] " << c10::toString(tensor.scalar_type()) << " " << tensor.device().str();
}

/** "name: argument [4, 8] Float cpu; …" and what libtorch says, on the next line. */
std::string explain(const Operator& op, napi_env env, const napi_value* values, size_t count, const std::string& reason) {
  std::ostringstream out;
  out << op.name << "(";
  bool first = true;
  for (size_t i = 0; i < op.arguments.size() && i < count; i++) {
    const auto kind = op.arguments[i].kind;
    if (is_nullish(env, values[i]) || (kind != Kind::tensor && kind != Kind::tensors)) continue;
    out << (first ? "" : "; ") << op.arguments[i].name << " ";
    first = false;
    int shown = 0;
    each(env, values[i], [&](napi_value element) {
      int32_t handle = 0;
      napi_get_value_int32(env, element, &handle);
      if (shown++ >= 4) return;
      out << (shown > 1 ? ", " : "");
      if (handles().valid(handle)) describe_tensor(out, handles().at(handle)); else out << "a freed tensor";
    });
    if (shown > 4) out << ", … " << shown - 4 << " more";
  }
  out << ")\n  " << reason.substr(0, reason.find("\nException raised from"));
  return out.str();
}

napi_value find_op(napi_env env, napi_callback_info info) {
  return guarded(env, [&]() -> napi_value {
    Arguments<2> args(env, info);
    const auto name = to_string(env, args[0]), overload = to_string(env, args[1]);
    const auto found = c10::Dispatcher::singleton().findSchema({name, overload});
    if (!found) throw ArgumentError("this libtorch has no operator " + name + (overload.empty() ? "" : "." + overload));
    Operator op{*found, name, {}, {}};
    for (const auto& argument : found->schema().arguments()) op.arguments.push_back(describe(argument));
    for (const auto& result : found->schema().returns())
      op.returned.push_back(!(result.alias_info() && result.alias_info()->isWrite()));
    operators.push_back(std::move(op));
    return from_int(env, static_cast<int64_t>(operators.size()));
  });
}

napi_value schema_of(napi_env env, napi_callback_info info) {
  return guarded(env, [&]() -> napi_value {
    Arguments<1> args(env, info);
    std::ostringstream out;
    out << operators.at(to_int32(env, args[0]) - 1).handle.schema();
    return from_string(env, out.str());
  });
}

constexpr size_t kMostArguments = 32;

napi_value call_op(napi_env env, napi_callback_info info) {
  napi_value values[kMostArguments];
  size_t count = kMostArguments;
  napi_get_cb_info(env, info, &count, values, nullptr, nullptr);
  const Operator* op = nullptr;
  try {
    const int32_t id = to_int32(env, values[0]);
    if (id < 1 || id > static_cast<int32_t>(operators.size())) throw ArgumentError("unknown operator number");
    op = &operators[id - 1];
    if (count - 1 > op->arguments.size()) throw ArgumentError("too many arguments");
    torch::jit::Stack stack;
    stack.reserve(op->arguments.size());
    for (size_t i = 0; i < op->arguments.size(); i++) {
      const Argument& argument = op->arguments[i];
      if (i + 1 < count) stack.push_back(convert(env, argument, values[i + 1]));
      else if (argument.has_default) stack.push_back(argument.fallback);
      else if (argument.optional) stack.emplace_back();
      else throw ArgumentError("argument \"" + argument.name + "\" is missing");
    }
    op->handle.callBoxed(&stack);
    if (stack.size() == 1) return op->returned[0] ? result_of(env, stack[0]) : undefined(env);
    napi_value out;
    napi_create_array(env, &out);
    uint32_t kept = 0;
    for (size_t i = 0; i < stack.size(); i++)
      if (op->returned[i]) napi_set_element(env, out, kept++, result_of(env, stack[i]));
    return kept ? out : undefined(env);
  } catch (const std::exception& error) {
    const auto reason = message_of(error);
    return raise(env, op ? explain(*op, env, values + 1, count - 1, reason) : reason);
  } catch (...) {
    return raise(env, "an unknown native exception");
  }
}

}  // namespace

void define_dispatch(napi_env env, napi_value exports) {
  define(env, exports, "findOp", find_op);
  define(env, exports, "schemaOf", schema_of);
  define(env, exports, "call", call_op);
}

}  // namespace posttrain
