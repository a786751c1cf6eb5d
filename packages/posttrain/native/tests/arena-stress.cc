// Threads take and give back blocks of the arena: content, alignment, neighbours, reuse, and what is left at the end.
// Compiled with a sanitizer by src/native/arena.test.ts; prints what it saw, exits with 1 at the first thing that is wrong.
#include "../arena.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <thread>
#include <vector>

#include <sys/resource.h>

using posttrain::Arena;

namespace {

void expect(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "not so: %s\n", what);
  std::exit(1);
}

struct Block {
  unsigned char* begin;
  size_t size;
  unsigned char mark;
};

void fill(const Block& block) {
  expect(reinterpret_cast<uintptr_t>(block.begin) % 64 == 0, "blocks are aligned to 64 bytes");
  std::memset(block.begin, block.mark, block.size);
}

void expect_whole(const Block& block) {
  for (size_t at = 0; at < block.size; at += 61) expect(block.begin[at] == block.mark, "no other block writes here");
  expect(block.begin[block.size - 1] == block.mark, "no other block writes to the last byte");
}

void churn(Arena& arena, unsigned seed, int rounds) {
  std::mt19937 random(seed);
  std::vector<Block> blocks;
  for (int round = 0; round < rounds; round++) {
    if (blocks.size() < 24 && random() % 5 < 3) {
      const size_t size = 1 + random() % (random() % 8 == 0 ? 3 << 20 : 96 << 10);
      auto* begin = static_cast<unsigned char*>(arena.take(size));
      expect(begin && arena.holds(begin), "the arena has room");
      blocks.push_back({begin, size, static_cast<unsigned char>(random())});
      fill(blocks.back());
    } else if (!blocks.empty()) {
      std::swap(blocks[random() % blocks.size()], blocks.back());
      expect_whole(blocks.back());
      arena.give_back(blocks.back().begin);
      blocks.pop_back();
    }
    if (random() % 1000 == 0) arena.trim();
  }
  for (const auto& block : blocks) {
    expect_whole(block);
    arena.give_back(block.begin);
  }
}

/** The blocks of a made-up step: some live to its end, others are gone at once. */
std::vector<void*> step(Arena& arena) {
  std::vector<void*> places, kept;
  for (size_t i = 0; i < 40; i++) {
    void* short_lived = arena.take((1 + i % 7) << 18);
    kept.push_back(arena.take((1 + i % 3) << 19));
    std::memset(short_lived, 1, (1 + i % 7) << 18);
    std::memset(kept.back(), 1, (1 + i % 3) << 19);
    places.insert(places.end(), {short_lived, kept.back()});
    arena.give_back(short_lived);
  }
  while (!kept.empty()) arena.give_back(kept.back()), kept.pop_back();
  return places;
}

long faults() {
  struct rusage usage {};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_minflt;
}

}  // namespace

int main() {
  Arena arena(size_t{4} << 30);
  expect(arena.usable(), "addresses can be reserved");

  const auto first = step(arena);
  const auto again = step(arena);
  expect(first == again, "a step finds its blocks at the same addresses");
  expect(arena.figures().used == 0, "everything is given back");
  const long before = faults();
  step(arena);
  std::printf("faults of a steady step: %ld\n", faults() - before);
  arena.trim();
  const long trimmed = faults();
  step(arena);
  std::printf("faults after a trim: %ld\n", faults() - trimmed);

  std::vector<std::thread> threads;
  for (unsigned seed = 0; seed < 4; seed++) threads.emplace_back([&arena, seed] { churn(arena, seed, 5000); });
  for (auto& thread : threads) thread.join();
  const auto [used, peak, free] = arena.figures();
  expect(used == 0, "all threads gave everything back");
  expect(peak > 0 && peak <= free, "no more was ever used than there are addresses below the top");
  auto* all = static_cast<unsigned char*>(arena.take(free));
  expect(all && arena.figures().free == 0, "free neighbours have joined to one stretch");
  arena.give_back(all);

  expect(!arena.take((size_t{4} << 30) + 1), "what is larger than the arena is refused");
  void* most = arena.take(size_t{4} << 30);
  expect(most && !arena.take(1), "a full arena has no more");
  arena.give_back(most);
  int outside = 0;
  expect(!arena.holds(&outside) && !arena.holds(nullptr), "other memory is not the arena's");
  std::printf("done\n");
}
