// One entrance to every ATen operator: an operator is found by its schema name and called with boxed values, so the managed side adds an
// operator by naming it. Default arguments come from the schema, hence newer libtorch versions keep working. Builds as C++17 and C++20, against
// libtorch 1.13 (CPU) and 2.x (CPU or CUDA).
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/grad_mode.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/generated/variable_factories.h>
#include <torch/csrc/autograd/variable.h>
#include <torch/cuda.h>
#include <malloc.h>
#include <cstring>
#include <string>
#include <unordered_map>
#include <vector>

#define API extern "C" __attribute__((visibility("default")))

namespace {

thread_local std::string last_error;

// Kinds of a boxed value; the managed enum has the same numbers.
enum Kind : int32_t { None = 0, TensorValue = 1, Int = 2, Double = 3, Bool = 4, IntList = 5, DoubleList = 6, TensorList = 7, String = 8, Missing = 9 };

struct Value {
  int32_t kind;
  int32_t count;    // of a list
  int64_t integer;  // Int, Bool
  double number;    // Double
  void* pointer;    // Tensor, or the list's items, or the string
};

enum Error : int32_t { Ok = 0, General = 1, Index = 2, NotImplemented = 3, ValueError = 4, TypeError = 5, OutOfMemory = 6 };

template <class F> int32_t guarded(F&& body) {
  try {
    body();
    return Ok;
  } catch (const c10::IndexError& e) {
    last_error = e.what_without_backtrace();
    return Index;
  } catch (const c10::NotImplementedError& e) {
    last_error = e.what_without_backtrace();
    return NotImplemented;
  } catch (const c10::ValueError& e) {
    last_error = e.what_without_backtrace();
    return ValueError;
  } catch (const c10::TypeError& e) {
    last_error = e.what_without_backtrace();
    return TypeError;
  } catch (const c10::Error& e) {
    last_error = e.what_without_backtrace();
    return last_error.find("out of memory") == std::string::npos ? General : OutOfMemory;
  } catch (const std::bad_alloc&) {
    last_error = "out of memory";
    return OutOfMemory;
  } catch (const std::exception& e) {
    last_error = e.what();
    return General;
  }
}

at::Tensor& tensor(void* handle) { return *static_cast<at::Tensor*>(handle); }

c10::IValue box(const Value& v, const c10::Argument& argument) {
  switch (v.kind) {
    case None: return c10::IValue();
    case TensorValue: return tensor(v.pointer);
    case Bool: return c10::IValue(v.integer != 0);
    case Double: return c10::IValue(v.number);
    case String: return c10::IValue(std::string(static_cast<const char*>(v.pointer)));
    case Int: {
      // A plain number given where the schema wants a float is one.
      if (argument.type()->kind() == c10::TypeKind::FloatType) return c10::IValue(static_cast<double>(v.integer));
      return c10::IValue(v.integer);
    }
    case IntList: {
      c10::List<int64_t> list;
      for (int i = 0; i < v.count; i++) list.push_back(static_cast<const int64_t*>(v.pointer)[i]);
      return c10::IValue(list);
    }
    case DoubleList: {
      c10::List<double> list;
      for (int i = 0; i < v.count; i++) list.push_back(static_cast<const double*>(v.pointer)[i]);
      return c10::IValue(list);
    }
    case TensorList: {
      auto type = argument.type();
      bool optional = false;
      if (type->kind() == c10::TypeKind::ListType) optional = type->castRaw<c10::ListType>()->getElementType()->kind() == c10::TypeKind::OptionalType;
      void** items = static_cast<void**>(v.pointer);
      if (optional) {
        c10::impl::GenericList list(type->castRaw<c10::ListType>()->getElementType());
        for (int i = 0; i < v.count; i++) list.push_back(items[i] ? c10::IValue(tensor(items[i])) : c10::IValue());
        return c10::IValue(list);
      }
      c10::List<at::Tensor> list;
      for (int i = 0; i < v.count; i++) list.push_back(tensor(items[i]));
      return c10::IValue(list);
    }
    default: TORCH_CHECK(false, "value kind ", v.kind, " is not known");
  }
}

void unbox(const c10::IValue& value, std::vector<Value>& out) {
  Value v{};
  if (value.isTensor()) {
    v.kind = TensorValue;
    v.pointer = value.toTensor().defined() ? new at::Tensor(value.toTensor()) : nullptr;
    out.push_back(v);
  } else if (value.isInt()) {
    v.kind = Int, v.integer = value.toInt();
    out.push_back(v);
  } else if (value.isDouble()) {
    v.kind = Double, v.number = value.toDouble();
    out.push_back(v);
  } else if (value.isBool()) {
    v.kind = Bool, v.integer = value.toBool();
    out.push_back(v);
  } else if (value.isTensorList()) {
    for (const at::Tensor& item : value.toTensorVector()) {
      Value t{};
      t.kind = TensorValue, t.pointer = new at::Tensor(item);
      out.push_back(t);
    }
  } else if (value.isScalar()) {
    auto scalar = value.toScalar();
    v.kind = Double, v.number = scalar.toDouble();
    out.push_back(v);
  } else {
    TORCH_CHECK(false, "a result of type ", value.tagKind(), " cannot be returned");
  }
}

}  // namespace

API const char* pt_last_error() { return last_error.c_str(); }

// Finds an operator once; the handle lives as long as the process. name like "aten::conv1d", overload like "" or "Tensor".
API int32_t pt_find(const char* name, const char* overload, void** op) {
  return guarded([&] { *op = new c10::OperatorHandle(c10::Dispatcher::singleton().findSchemaOrThrow(name, overload)); });
}

API int32_t pt_call(void* op, const Value* args, int32_t arg_count, Value* results, int32_t capacity, int32_t* result_count) {
  return guarded([&] {
    const auto& handle = *static_cast<c10::OperatorHandle*>(op);
    const auto& schema = handle.schema();
    TORCH_CHECK(static_cast<size_t>(arg_count) <= schema.arguments().size(), schema.name(), " takes ", schema.arguments().size(), " arguments, ", arg_count, " were given");
    torch::jit::Stack stack;
    stack.reserve(schema.arguments().size());
    for (size_t i = 0; i < schema.arguments().size(); i++) {
      const auto& argument = schema.arguments()[i];
      if (i < static_cast<size_t>(arg_count) && args[i].kind != Missing) {
        stack.push_back(box(args[i], argument));
      } else {
        TORCH_CHECK(argument.default_value(), schema.name(), " needs argument '", argument.name(), "'");
        stack.push_back(*argument.default_value());
      }
    }
    handle.callBoxed(&stack);
    thread_local std::vector<Value> out;   // keeps its memory between calls
    out.clear();
    for (const auto& value : stack) unbox(value, out);
    TORCH_CHECK(out.size() <= static_cast<size_t>(capacity), schema.name(), " returned ", out.size(), " values");
    std::copy(out.begin(), out.end(), results);
    *result_count = static_cast<int32_t>(out.size());
  });
}

// Wraps memory that stays the caller's until `release(context)` is called, when the last reference goes.
API int32_t pt_from_memory(void* data, const int64_t* sizes, int32_t dims, int32_t dtype, void (*release)(void*), void* context, void** out) {
  return guarded([&] {
    auto options = at::TensorOptions().dtype(static_cast<at::ScalarType>(dtype));
    *out = new at::Tensor(at::from_blob(data, at::IntArrayRef(sizes, dims), [release, context](void*) { release(context); }, options));
  });
}

API void pt_free(void* handle) { delete static_cast<at::Tensor*>(handle); }
API void* pt_alias(void* handle) { return new at::Tensor(tensor(handle)); }
API int32_t pt_dims(void* handle) { return static_cast<int32_t>(tensor(handle).dim()); }
API void pt_sizes(void* handle, int64_t* sizes) { auto s = tensor(handle).sizes(); std::copy(s.begin(), s.end(), sizes); }
API int64_t pt_numel(void* handle) { return tensor(handle).numel(); }
API int32_t pt_dtype(void* handle) { return static_cast<int32_t>(tensor(handle).scalar_type()); }
API int32_t pt_is_contiguous(void* handle) { return tensor(handle).is_contiguous(); }
API int32_t pt_device(void* handle) { return tensor(handle).is_cuda() ? 1 : 0; }
API void* pt_data(void* handle) { return tensor(handle).data_ptr(); }
API int32_t pt_requires_grad(void* handle) { return tensor(handle).requires_grad(); }
API int32_t pt_is_leaf(void* handle) { return tensor(handle).is_leaf(); }
API int32_t pt_set_requires_grad(void* handle, int32_t on) { return guarded([&] { tensor(handle).requires_grad_(on != 0); }); }
API int32_t pt_grad(void* handle, void** out) {
  return guarded([&] { const auto& g = tensor(handle).grad(); *out = g.defined() ? new at::Tensor(g) : nullptr; });
}
API int32_t pt_set_grad(void* handle, void* grad) {
  return guarded([&] { tensor(handle).mutable_grad() = grad ? tensor(grad) : at::Tensor(); });
}
API int32_t pt_backward(void* handle, void* gradient) {
  return guarded([&] {
    std::vector<at::Tensor> gradients;
    if (gradient) gradients.push_back(tensor(gradient));
    torch::autograd::backward({tensor(handle)}, gradients);
  });
}
API int32_t pt_to(void* handle, int32_t device, int32_t index, int32_t dtype, void** out) {
  return guarded([&] {
    auto options = tensor(handle).options();
    if (device >= 0) options = options.device(device == 0 ? at::Device(at::kCPU) : at::Device(at::kCUDA, static_cast<at::DeviceIndex>(index)));
    if (dtype >= 0) options = options.dtype(static_cast<at::ScalarType>(dtype));
    *out = new at::Tensor(tensor(handle).to(options));
  });
}
API int32_t pt_grad_enabled() { return c10::GradMode::is_enabled(); }
API void pt_set_grad_enabled(int32_t on) { c10::GradMode::set_enabled(on != 0); }
API int32_t pt_manual_seed(int64_t seed) { return guarded([&] { at::manual_seed(static_cast<uint64_t>(seed)); }); }
API void pt_set_num_threads(int32_t count) { at::set_num_threads(count); }
API int32_t pt_num_threads() { return at::get_num_threads(); }
API int32_t pt_cuda_is_available() { return torch::cuda::is_available(); }
API int32_t pt_cuda_synchronize() { return guarded([&] { torch::cuda::synchronize(); }); }
// glibc gives large activations back to the kernel at every layer; keeping them is 1.3 to 1.9 times faster.
API void pt_keep_memory() {
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  mallopt(M_TRIM_THRESHOLD, 2047 << 20);
}
