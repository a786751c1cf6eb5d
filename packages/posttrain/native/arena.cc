#include "arena.h"

#include <algorithm>
#include <cstdlib>

#if defined(__linux__)
#include <sys/mman.h>
#endif

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(begin, size) ((void)(begin), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(begin, size) ((void)(begin), (void)(size))
#endif

namespace posttrain {
namespace {

constexpr size_t kLargePage = 2 << 20;
/** How much more may be touched whenever the blocks so far need more. */
constexpr size_t kStep = 64 << 20;

constexpr size_t round_up(size_t size, size_t to) { return (size + to - 1) / to * to; }

}  // namespace

Arena::Arena(size_t bytes) {
#if defined(__linux__)
  if (bytes == 0) return;
  const size_t wanted = round_up(bytes, kStep);
  void* const got = mmap(nullptr, wanted + kLargePage, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (got == MAP_FAILED) return;
  base_ = reinterpret_cast<char*>(round_up(reinterpret_cast<uintptr_t>(got), kLargePage));
  reserved_ = wanted;
  const auto before = static_cast<size_t>(base_ - static_cast<char*>(got));
  if (before) munmap(got, before);
  if (before < kLargePage) munmap(base_ + reserved_, kLargePage - before);
  // A fault brings 2 MB at once, where the system has large pages. A program started from here has no use for tensors,
  // and without them the pages of this process need not be marked and faulted anew.
  madvise(base_, reserved_, MADV_HUGEPAGE);
  madvise(base_, reserved_, MADV_DONTFORK);
#else
  (void)bytes;
#endif
}

Arena::~Arena() {
#if defined(__linux__)
  if (!base_) return;
  ASAN_UNPOISON_MEMORY_REGION(base_, open_);
  munmap(base_, reserved_);
#endif
}

void* Arena::take(size_t bytes) {
  if (!base_ || bytes > reserved_) return nullptr;
  const size_t size = round_up(std::max<size_t>(bytes, 1), kPage);
  std::lock_guard<std::mutex> lock(mutex_);
  size_t place;
  if (const auto fit = free_by_size_.lower_bound({size, 0}); fit != free_by_size_.end()) {
    place = fit->second;
    const size_t whole = fit->first;
    remove_free(free_.find(place));
    if (whole > size) add_free(place + size, whole - size);
  } else {
    // Above all blocks; what is free just below the top is part of the room there.
    auto last = free_.empty() ? free_.end() : std::prev(free_.end());
    if (last != free_.end() && last->first + last->second != top_) last = free_.end();
    place = last == free_.end() ? top_ : last->first;
    if (!make_room(place + size)) return nullptr;
    if (last != free_.end()) remove_free(last);
    top_ = place + size;
  }
  blocks_.emplace(place, size);
  used_ += size;
  most_ = std::max(most_, used_);
  ASAN_UNPOISON_MEMORY_REGION(base_ + place, bytes);
  return base_ + place;
}

void Arena::give_back(void* block) {
  std::lock_guard<std::mutex> lock(mutex_);
  const auto found = blocks_.find(static_cast<size_t>(static_cast<char*>(block) - base_));
  if (found == blocks_.end()) std::abort();  // given back twice: the memory is somebody else's by now
  size_t place = found->first, size = found->second;
  ASAN_POISON_MEMORY_REGION(base_ + place, size);
  blocks_.erase(found);
  used_ -= size;
  auto after = free_.lower_bound(place);
  if (after != free_.begin())
    if (const auto before = std::prev(after); before->first + before->second == place) {
      place = before->first;
      size += before->second;
      remove_free(before);
    }
  if (after != free_.end() && place + size == after->first) {
    size += after->second;
    remove_free(after);
  }
  add_free(place, size);
}

void Arena::trim() {
#if defined(__linux__)
  std::lock_guard<std::mutex> lock(mutex_);
  for (const auto& [place, size] : free_) {
    const size_t begin = round_up(place, kLargePage), end = (place + size) / kLargePage * kLargePage;
    if (begin < end) madvise(base_ + begin, end - begin, MADV_DONTNEED);
  }
#endif
}

Arena::Figures Arena::figures() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return {used_, most_, top_ - used_};
}

void Arena::add_free(size_t place, size_t size) {
  free_.emplace(place, size);
  free_by_size_.emplace(size, place);
}

void Arena::remove_free(std::map<size_t, size_t>::iterator stretch) {
  free_by_size_.erase({stretch->second, stretch->first});
  free_.erase(stretch);
}

/** Makes the first `end` bytes usable. */
bool Arena::make_room(size_t end) {
#if defined(__linux__)
  if (end > reserved_) return false;
  if (end <= open_) return true;
  const size_t wanted = std::min(round_up(end, kStep), reserved_);
  if (mprotect(base_ + open_, wanted - open_, PROT_READ | PROT_WRITE) != 0) return false;
  ASAN_POISON_MEMORY_REGION(base_ + open_, wanted - open_);
  open_ = wanted;
  return true;
#else
  return end == 0;
#endif
}

}  // namespace posttrain
