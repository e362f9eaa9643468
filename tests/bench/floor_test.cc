#include "tests/bench/floor.h"

#include <ATen/ops/empty.h>

#include "gtest/gtest.h"
#include "tests/bench/keeping_allocator.h"

namespace diffuser::bench {
namespace {

model::ModelConfig SmallConfig() {
  model::ModelConfig config;
  config.hidden_size = 32;
  config.intermediate_size = 64;
  config.num_layers = 3;
  config.num_heads = 2;
  return config;
}

TEST(Floor, RunsInEveryPrecisionThatItComparesWith) {
  for (const auto precision : {model::Precision::kFloat32, model::Precision::kBFloat16}) {
    for (const bool reuse_memory : {false, true}) {
      const auto floor = Floor::Make(SmallConfig(), {.precision = Floor::PrecisionFor(precision),
                                                     .reuse_memory = reuse_memory});
      ASSERT_TRUE(floor.ok()) << floor.status();
      const auto seconds = (*floor)->Run(/*tokens=*/128, /*documents=*/2);
      ASSERT_TRUE(seconds.ok()) << seconds.status();
      EXPECT_GT(seconds->whole, 0);
      EXPECT_GT(seconds->needed, 0);
    }
  }
}

TEST(Floor, ComparesFloat32WithFloat32) {
  EXPECT_EQ(Floor::PrecisionFor(model::Precision::kFloat32), model::Precision::kFloat32);
}

TEST(KeepingAllocator, GivesWhatWasFreedToTheNextOfItsSize) {
  KeepingAllocator allocator;
  const AllocatorScope scope(allocator);
  const void* first = nullptr;
  {
    const at::Tensor tensor = at::empty({1000}, at::kFloat);
    first = tensor.const_data_ptr();
  }
  const at::Tensor other = at::empty({2000}, at::kFloat);
  const at::Tensor same = at::empty({1000}, at::kFloat);
  const at::Tensor another = at::empty({1000}, at::kFloat);
  EXPECT_NE(other.const_data_ptr(), first);
  EXPECT_EQ(same.const_data_ptr(), first);
  EXPECT_NE(another.const_data_ptr(), first);
}

}  // namespace
}  // namespace diffuser::bench
