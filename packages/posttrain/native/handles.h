// Tensors live in C++; JavaScript holds small integers. Handle 0 is "no tensor".
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <unordered_set>
#include <vector>

namespace posttrain {

/** The table of live tensors. Used by one thread only: the one that loaded the addon. */
class Handles {
 public:
  Handles() : slots_(1) {}

  int32_t put(at::Tensor tensor) {
    if (!tensor.defined()) return 0;
    live_++;
    if (free_.empty()) {
      slots_.push_back(std::move(tensor));
      return static_cast<int32_t>(slots_.size()) - 1;
    }
    const int32_t handle = free_.back();
    free_.pop_back();
    slots_[handle] = std::move(tensor);
    return handle;
  }

  bool valid(int32_t handle) const {
    return handle > 0 && handle < static_cast<int32_t>(slots_.size()) && slots_[handle].defined();
  }

  at::Tensor& at(int32_t handle) { return slots_[handle]; }

  void release(int32_t handle) {
    if (!valid(handle)) return;
    live_--;
    slots_[handle] = at::Tensor();
    free_.push_back(handle);
  }

  int64_t live() const { return live_; }

  /** Bytes of the storages behind all handles; a storage seen through several views counts once. */
  int64_t live_bytes() const {
    std::unordered_set<const void*> seen;
    int64_t bytes = 0;
    for (const auto& tensor : slots_) {
      if (!tensor.defined() || !tensor.has_storage()) continue;
      const auto* storage = tensor.storage().unsafeGetStorageImpl();
      if (seen.insert(storage).second) bytes += static_cast<int64_t>(storage->nbytes());
    }
    return bytes;
  }

 private:
  std::vector<at::Tensor> slots_;
  std::vector<int32_t> free_;
  int64_t live_ = 0;
};

inline Handles& handles() {
  static Handles table;
  return table;
}

}  // namespace posttrain
