// Where tensors of the CPU get their memory, and what this process has of it.
#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>

#include <sys/resource.h>
#include <unistd.h>
#if defined(__GLIBC__)
#include <malloc.h>
#endif

#include <memory>

#include "arena.h"
#include "napi.h"

namespace posttrain {
namespace {

/** Smaller blocks are libtorch's: the C library keeps them well, and small models are made of them. */
constexpr size_t kLeast = 64 << 10;
/** Above libtorch's own, and those that its extensions register. */
constexpr uint8_t kPriority = 100;

// Both live as long as the process: tensors may outlast all else.
Arena* arena = nullptr;
c10::Allocator* allocator = nullptr;

void release(void* block) {
  if (arena->holds(block)) arena->give_back(block);
  else c10::GetDefaultCPUAllocator()->raw_deallocate(block);
}

/** Large blocks from the arena, small ones and those that it has no room for from libtorch's own allocator. */
class ArenaAllocator : public c10::Allocator {
 public:
  c10::DataPtr allocate(size_t bytes) override {
    void* block = bytes < kLeast ? nullptr : arena->take(bytes);
    if (!block) block = c10::GetDefaultCPUAllocator()->raw_allocate(bytes);
    return {block, block, release, c10::Device(c10::DeviceType::CPU)};
  }
  c10::DeleterFnPtr raw_deleter() const override { return release; }
  void copy_data(void* to, const void* from, std::size_t bytes) const override { default_copy_data(to, from, bytes); }
};

/** Addresses for twice the machine's memory; none where addresses are limited, since these would use up the limit. */
size_t addresses() {
  struct rlimit limit {};
  if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur != RLIM_INFINITY) return 0;
  const auto pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
  return pages > 0 && page > 0 ? 2 * static_cast<size_t>(pages) * static_cast<size_t>(page) : 0;
}

/** Registers the arena with libtorch. @returns false where the system does not allow it. */
bool use_arena() {
  if (!allocator) {
    auto made = std::make_unique<Arena>(addresses());
    if (!made->usable()) return false;
    arena = made.release();
    allocator = new ArenaAllocator;
    c10::SetCPUAllocator(allocator, kPriority);
  }
  return c10::GetCPUAllocator() == allocator;
}

/**
 * keepMemory(inArena): freed memory stays with the process from now on, large blocks of tensors in the arena if there is to
 * be one. True where there is.
 */
napi_value keep_memory(napi_env env, napi_callback_info info) {
  return guarded(env, [&]() -> napi_value {
    Arguments<1> args(env, info);
    const bool in_arena = to_bool(env, args[0]) && use_arena();
#if defined(__GLIBC__)
    // The C library keeps what the arena does not serve: smaller blocks, and all of them where there is no arena.
    mallopt(M_MMAP_MAX, 0);
    mallopt(M_TRIM_THRESHOLD, 0x7fffffff);
    mallopt(M_TOP_PAD, 64 << 20);
#endif
    napi_value out;
    napi_get_boolean(env, in_arena, &out);
    return out;
  });
}

void set_number(napi_env env, napi_value object, const char* name, int64_t number) {
  napi_set_named_property(env, object, name, from_int(env, number));
}

/** Live handles, the bytes of their storages, what the arena keeps free, and the highest resident size of this process. */
napi_value memory(napi_env env, napi_callback_info) {
  return guarded(env, [&]() -> napi_value {
    napi_value out;
    napi_create_object(env, &out);
    struct rusage usage {};
    getrusage(RUSAGE_SELF, &usage);
#if defined(__APPLE__)
    const int64_t unit = 1;
#else
    const int64_t unit = 1024;
#endif
    const auto figures = arena ? arena->figures() : Arena::Figures{0, 0, 0};
    set_number(env, out, "live", handles().live());
    set_number(env, out, "liveBytes", handles().live_bytes());
    set_number(env, out, "arenaUsed", static_cast<int64_t>(figures.used));
    set_number(env, out, "arenaMost", static_cast<int64_t>(figures.most));
    set_number(env, out, "arenaFree", static_cast<int64_t>(figures.free));
    set_number(env, out, "peakRss", static_cast<int64_t>(usage.ru_maxrss) * unit);
    return out;
  });
}

/** Gives back what nothing uses: after a checkpoint or a generation the next step needs other blocks. */
napi_value trim(napi_env env, napi_callback_info) {
  if (arena) arena->trim();
#if defined(__GLIBC__)
  malloc_trim(0);
#endif
  return undefined(env);
}

napi_value live(napi_env env, napi_callback_info) { return from_int(env, handles().live()); }

}  // namespace

void define_memory(napi_env env, napi_value exports) {
  define(env, exports, "keepMemory", keep_memory);
  define(env, exports, "memory", memory);
  define(env, exports, "trim", trim);
  define(env, exports, "live", live);
}

}  // namespace posttrain
