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

/** How many threads `in_parallel` uses; `elements` is the size of all the work. */
inline int64_t workers_for(int64_t tasks, int64_t elements) {
  return !GOMP_parallel || elements < kSmallWork ? 1 : std::min<int64_t>(tasks, at::get_num_threads());
}

/**
 * Calls `body(task, worker)` for each of `tasks`, on libtorch's threads; `worker` counts those in use from 0. Which worker
 * does which task is left open: tasks must not depend on each other, nor results on their number.
 */
template <class F>
void in_parallel(int64_t tasks, int64_t elements, const F& body) {
  const int64_t workers = workers_for(tasks, elements);
  if (workers <= 1) {
    for (int64_t task = 0; task < tasks; task++) body(task, int64_t{0});
    return;
  }
  struct Work {
    const F& body;
    const int64_t tasks;
    std::atomic<int64_t> next{0}, worker{0};
  } work{body, tasks};
  const auto run = [](void* data) {
    auto& shared = *static_cast<Work*>(data);
    const int64_t worker = shared.worker++;
    for (int64_t task = shared.next++; task < shared.tasks; task = shared.next++) shared.body(task, worker);
  };
  GOMP_parallel(run, &work, static_cast<unsigned>(workers), 0);
}

/** `in_parallel` over [0, count) in ranges of `step`, whatever the number of threads: sums made per range are always the same. */
template <class F>
void in_ranges(int64_t count, int64_t step, int64_t elements, const F& body) {
  in_parallel((count + step - 1) / step, elements,
              [&](int64_t range, int64_t) { body(range * step, std::min(count, (range + 1) * step)); });
}

}  // namespace posttrain
