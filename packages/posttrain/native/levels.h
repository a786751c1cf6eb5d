// The CPU level in use, and the threads that its kernels run on.
#pragma once
#include <ATen/Parallel.h>

#include <algorithm>
#include <atomic>

#include "kernels/kernels.h"

// libtorch's own OpenMP runtime, found by the loader where libtorch found it: linking a second one, as -fopenmp might,
// would start a second pool of threads. Null where libtorch has none of this kind.
extern "C" __attribute__((weak)) void GOMP_parallel(void (*body)(void*), void* data, unsigned threads, unsigned flags);

namespace posttrain {

/** The kernels of the level in use. */
const kernels::Table& kernel_table();

/** Elements of memory below which waking other threads costs more than it gains. */
constexpr int64_t kSmallWork = 32768;

/**
 * Calls `body(task)` for each of `tasks`, on as many threads as libtorch has if `elements`, the size of all the work, is
 * worth it. Which thread does which task is left open: tasks must not depend on each other, nor results on their number.
 */
template <class F>
void in_parallel(int64_t tasks, int64_t elements, const F& body) {
  const int64_t threads = elements < kSmallWork ? 1 : std::min<int64_t>(tasks, at::get_num_threads());
  if (threads <= 1 || !GOMP_parallel) {
    for (int64_t task = 0; task < tasks; task++) body(task);
    return;
  }
  struct Work {
    const F& body;
    const int64_t tasks;
    std::atomic<int64_t> next{0};
  } work{body, tasks};
  const auto worker = [](void* data) {
    auto& shared = *static_cast<Work*>(data);
    for (int64_t task = shared.next++; task < shared.tasks; task = shared.next++) shared.body(task);
  };
  GOMP_parallel(worker, &work, static_cast<unsigned>(threads), 0);
}

/** `in_parallel` over [0, count) in ranges of `step`, whatever the number of threads: sums made per range are always the same. */
template <class F>
void in_ranges(int64_t count, int64_t step, int64_t elements, const F& body) {
  in_parallel((count + step - 1) / step, elements,
              [&](int64_t range) { body(range * step, std::min(count, (range + 1) * step)); });
}

}  // namespace posttrain
