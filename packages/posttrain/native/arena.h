// Memory for large blocks that stays with the process: what one training step frees, the next finds with its pages in place.
#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <unordered_map>
#include <utility>

namespace posttrain {

/**
 * Blocks in one stretch of addresses. A block comes from the smallest free stretch that holds it, the lowest of equal ones,
 * and joins its free neighbours when it is given back: steps that ask for the same sizes in the same order get the same
 * addresses, whatever came before between them. Any thread may call it.
 */
class Arena {
 public:
  /** Blocks begin at a page, and are whole pages. */
  static constexpr size_t kPage = 4096;

  /** Reserves `bytes` of addresses, which take no memory yet. */
  explicit Arena(size_t bytes);
  ~Arena();
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  /** False where the system does not give the addresses: there is nothing to take then. */
  bool usable() const { return base_ != nullptr; }

  /** At least `bytes` of memory, aligned to a page, with any content; null where it has no more. */
  void* take(size_t bytes);

  bool holds(const void* block) const {
    const auto address = reinterpret_cast<uintptr_t>(block), begin = reinterpret_cast<uintptr_t>(base_);
    return base_ && address >= begin && address < begin + reserved_;
  }

  void give_back(void* block);

  /** Returns the memory of free stretches to the system, in whole large pages; the addresses stay. */
  void trim();

  /** Bytes in blocks, the most that there have been at once, and bytes between blocks and below the highest one so far. */
  struct Figures {
    size_t used, most, free;
  };
  Figures figures() const;

 private:
  void add_free(size_t place, size_t size);
  void remove_free(std::map<size_t, size_t>::iterator stretch);
  bool make_room(size_t end);

  char* base_ = nullptr;
  size_t reserved_ = 0;
  size_t open_ = 0;  // bytes from the base on that may be touched
  size_t top_ = 0;   // bytes from the base on that were ever part of a block
  size_t used_ = 0, most_ = 0;
  mutable std::mutex mutex_;
  std::map<size_t, size_t> free_;                    // sizes by place
  std::set<std::pair<size_t, size_t>> free_by_size_;  // (size, place)
  std::unordered_map<size_t, size_t> blocks_;         // sizes by place
};

}  // namespace posttrain
