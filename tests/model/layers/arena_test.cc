#include "model/layers/arena.h"

#include <ATen/ATen.h>

#include <cstdint>
#include <thread>
#include <vector>

#include "gtest/gtest.h"

namespace diffuser::layers {
namespace {

constexpr int64_t kMegabyte = int64_t{1} << 20;

at::Tensor Bytes(int64_t count) { return at::empty({count}, at::kByte); }

TEST(Arena, HoldsTheTensorsOfItsScopeAlone) {
  const Arena arena;
  const at::Tensor before = Bytes(kMegabyte);
  {
    const ArenaScope scope(arena);
    const at::Tensor inside = Bytes(kMegabyte);
    EXPECT_EQ(arena.live_bytes(), kMegabyte);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(inside.data_ptr()) % 64, 0U);
    std::thread([&] {
      const at::Tensor elsewhere = Bytes(kMegabyte);
      EXPECT_EQ(arena.live_bytes(), kMegabyte);
    }).join();
  }
  EXPECT_EQ(arena.live_bytes(), 0);
  const at::Tensor after = Bytes(kMegabyte);
  EXPECT_EQ(arena.live_bytes(), 0);
}

TEST(Arena, GivesTheNextBatchTheSamePages) {
  const Arena arena;
  const auto batch = [&](int64_t size) {
    const ArenaScope scope(arena);
    const std::vector<at::Tensor> tensors = {Bytes(size), Bytes(size / 2), Bytes(3 * size)};
    return tensors[0].data_ptr();
  };
  batch(8 * kMegabyte);  // several slabs, which become one
  void* const first = batch(8 * kMegabyte);
  const int64_t held = arena.bytes();
  for (const int64_t size : {8 * kMegabyte, kMegabyte, 5 * kMegabyte, 8 * kMegabyte}) batch(size);
  EXPECT_EQ(arena.bytes(), held);
  EXPECT_EQ(batch(8 * kMegabyte), first);
}

TEST(Arena, PutsFreedNeighboursTogether) {
  const Arena arena;
  const ArenaScope scope(arena);
  std::vector<at::Tensor> pieces;
  for (int i = 0; i < 4; ++i) pieces.push_back(Bytes(kMegabyte));  // a slab of four
  const int64_t held = arena.bytes();
  for (const int i : {1, 3, 0, 2}) pieces[i].reset();
  const at::Tensor whole = Bytes(4 * kMegabyte);
  EXPECT_EQ(arena.bytes(), held);
}

TEST(Arena, LeavesWhatOutlivesItIntact) {
  at::Tensor survivor;
  {
    const Arena arena;
    const ArenaScope scope(arena);
    survivor = at::full({1000}, 7, at::kByte);
  }
  const Arena other;
  EXPECT_TRUE(survivor.eq(7).all().item<bool>());
}

TEST(Arena, FreesWhatAnotherAllocatorGaveWithinItsScope) {
  at::Tensor outside = Bytes(kMegabyte);
  const Arena arena;
  const ArenaScope scope(arena);
  outside = Bytes(10);
  EXPECT_EQ(arena.live_bytes(), 64);
}

TEST(Arena, NestsItsScopes) {
  const Arena outer, inner;
  const ArenaScope outer_scope(outer);
  at::Tensor in_inner;
  {
    const ArenaScope inner_scope(inner);
    in_inner = Bytes(kMegabyte);
  }
  const at::Tensor in_outer = Bytes(kMegabyte);
  EXPECT_EQ(outer.live_bytes(), kMegabyte);
  EXPECT_EQ(inner.live_bytes(), kMegabyte);
}

}  // namespace
}  // namespace diffuser::layers
