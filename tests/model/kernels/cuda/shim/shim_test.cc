// The shim itself: that it runs what a device would, and reports what a device would not forgive.
#include <numeric>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "primitives.h"
#include "tests/model/kernels/cuda/guarded_buffer.h"

namespace diffuser::kernels::cuda {
namespace {

using shim::LaunchShape;
using shim::RunKernel;
using ::testing::Contains;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr int kThreads = 64;

LaunchShape OneBlock(size_t shared_bytes) {
  return {.threads = kThreads, .shared_bytes = shared_bytes};
}

// Every thread adds its neighbour's number to its own, through shared memory.
void AddNeighbour(bool with_barrier, int* out) {
  SharedArena arena;
  const auto numbers = arena.Take<int>(kThreads);
  const int thread = threadIdx.x;
  numbers.Store(thread, thread);
  if (with_barrier) __syncthreads();
  out[thread] = thread + numbers.Load((thread + 1) % kThreads);
}

TEST(Shim, RunsThreadsOfABlockThroughABarrier) {
  std::vector<int> out(kThreads);
  const auto result = RunKernel(OneBlock(kThreads * 4), [&] { AddNeighbour(true, out.data()); });
  EXPECT_THAT(result.reports, IsEmpty());
  for (int i = 0; i < kThreads; ++i) EXPECT_EQ(out[i], i + (i + 1) % kThreads);
}

TEST(Shim, ReportsAMissingBarrier) {
  std::vector<int> out(kThreads);
  for (const bool last_first : {false, true}) {
    LaunchShape shape = OneBlock(kThreads * 4);
    shape.last_first = last_first;
    const auto result = RunKernel(shape, [&] { AddNeighbour(false, out.data()); });
    EXPECT_THAT(result.reports, Contains(HasSubstr("race: ")));
  }
}

TEST(Shim, ReportsTwoWritersAndAReaderBeforeAWriter) {
  const auto two_writers =
      RunKernel(OneBlock(4), [] { SharedArena().Take<int>(1).Store(0, threadIdx.x); });
  EXPECT_THAT(two_writers.reports, Contains(HasSubstr("writes byte 0, which thread 0 wrote")));
  const auto reader_first = RunKernel(OneBlock(4), [] {
    const auto number = SharedArena().Take<int>(1);
    if (threadIdx.x == 40) number.Store(0, 1);
    __syncthreads();
    if (threadIdx.x == 0) number.Load(0);
    if (threadIdx.x == 1) number.Store(0, 2);
  });
  EXPECT_THAT(reader_first.reports, Contains(HasSubstr("writes byte 0, which thread 0 read")));
}

TEST(Shim, CountsAWarpsBarrierForThatWarpAlone) {
  const auto through_warp = [](int writer) {
    const auto number = SharedArena().Take<int>(1);
    const int thread = threadIdx.x;
    if (thread == writer) number.Store(0, 1);
    __syncwarp();
    if (thread == writer + 1) number.Load(0);
  };
  EXPECT_THAT(RunKernel(OneBlock(4), [&] { through_warp(3); }).reports, IsEmpty());
  // Thread 32 is in the other warp.
  EXPECT_THAT(RunKernel(OneBlock(4), [&] { through_warp(31); }).reports, Not(IsEmpty()));
}

TEST(Shim, AddsAtomicallyWithoutARace) {
  int total = 0;
  const auto result = RunKernel(OneBlock(4), [&] {
    const auto sum = SharedArena().Take<int>(1);
    if (threadIdx.x == 0) sum.Store(0, 0);
    __syncthreads();
    sum.Add(0, threadIdx.x);
    __syncthreads();
    if (threadIdx.x == 0) total = sum.Load(0);
  });
  EXPECT_THAT(result.reports, IsEmpty());
  EXPECT_EQ(total, kThreads * (kThreads - 1) / 2);
}

TEST(Shim, ReportsIndicesAndAlignmentAndMemoryThatNobodyWrote) {
  const auto report = [](const auto& kernel) {
    return RunKernel({.threads = 1, .shared_bytes = 64}, kernel).reports;
  };
  EXPECT_THAT(report([] { SharedArena().Take<int>(4).Store(4, 1); }),
              Contains(HasSubstr("index 4 of an array of 4")));
  EXPECT_THAT(report([] { SharedArena().Take<int>(4).Load(-1); }),
              Contains(HasSubstr("index -1 of an array of 4")));
  EXPECT_THAT(report([] { SharedArena().Take<int>(40).Store(30, 1); }),
              Contains(HasSubstr("out of range: 4 bytes at 120 of 64")));
  EXPECT_THAT(report([] { SharedArena().Take<BFloat16>(32).StoreAs(1, Words{}); }),
              Contains(HasSubstr("misaligned: 16 bytes at 2")));
  EXPECT_THAT(report([] { SharedArena().Take<int>(4).Load(2); }),
              Contains(HasSubstr("reads byte 8, which nobody wrote")));
}

TEST(Shim, LeavesItsMarkWhereAKernelWritesOutsideGlobalMemory) {
  for (const int off : {0, 1, -1}) {
    testing::GuardedBuffer<int> out(kThreads);
    RunKernel(OneBlock(0), [&] { out.data()[static_cast<int>(threadIdx.x) + off] = 1; });
    EXPECT_EQ(out.IsIntact(), off == 0);
  }
}

TEST(Shim, ReportsThreadsThatWaitForEver) {
  const auto barrier = RunKernel(OneBlock(0), [] {
    if (threadIdx.x != 5) __syncthreads();
  });
  EXPECT_THAT(barrier.reports, Contains(HasSubstr("waits for ever at a barrier of its block")));
  const auto shuffle = RunKernel(OneBlock(0), [] {
    if (threadIdx.x != 5) __shfl_xor_sync(0xffffffffu, 1.0f, 1);
  });
  EXPECT_THAT(shuffle.reports, Contains(HasSubstr("waits for ever at a shuffle")));
}

TEST(Shim, SharesMemoryInAClusterBetweenItsBarriers) {
  const LaunchShape shape = {.grid = {4, 1, 1}, .threads = 1, .cluster = 2, .shared_bytes = 4};
  int got[4] = {};
  const auto kernel = [&](bool with_barriers) {
    const auto number = SharedArena().Take<int>(1);
    number.Store(0, 10 * blockIdx.x);
    if (with_barriers) ClusterSync();
    got[blockIdx.x] = number.OfBlock(1 - ClusterRank()).Load(0);
    if (with_barriers) ClusterSync();
  };
  EXPECT_THAT(RunKernel(shape, [&] { kernel(true); }).reports, IsEmpty());
  EXPECT_THAT(got, ::testing::ElementsAre(10, 0, 30, 20));
  EXPECT_THAT(RunKernel(shape, [&] { kernel(false); }).reports, Not(IsEmpty()));
}

TEST(Shim, ReportsMemoryOfABlockThatIsOver) {
  const LaunchShape shape = {
      .grid = {2, 1, 1}, .threads = 1, .cluster = 2, .shared_bytes = 4, .last_first = true};
  const auto result = RunKernel(shape, [] {
    const auto number = SharedArena().Take<int>(1);
    number.Store(0, 1);
    ClusterSync();
    if (ClusterRank() == 0) number.OfBlock(1).Load(0);
  });
  EXPECT_THAT(result.reports, Contains(HasSubstr("begun to end")));
}

TEST(Shim, RunsPastABarrierThatIsLeftOut) {
  std::vector<int> out(kThreads);
  const auto kernel = [&] { AddNeighbour(true, out.data()); };
  const auto whole = RunKernel(OneBlock(kThreads * 4), kernel);
  ASSERT_EQ(whole.barriers.size(), 1);
  LaunchShape shape = OneBlock(kThreads * 4);
  shape.without_barrier = *whole.barriers.begin();
  EXPECT_THAT(RunKernel(shape, kernel).reports, Contains(HasSubstr("race: ")));
}

TEST(Shim, ShufflesWithinQuads) {
  std::vector<float> out(kThreads);
  const auto result = RunKernel(OneBlock(0), [&] {
    const int thread = threadIdx.x;
    if (thread % 8 < 4) return;  // only every second quad
    out[thread] = __shfl_xor_sync(0xfu << (thread % 32 / 4 * 4), thread, 2);
  });
  EXPECT_THAT(result.reports, IsEmpty());
  EXPECT_EQ(out[4], 6);
  EXPECT_EQ(out[63], 61);
}

// --- The tensor cores: a product written down by the fragments' definition. ---

template <class Half>
uint32_t PairOf(float low, float high) {
  return Pack<Half>(low, high);
}

template <class Half>
void ExpectMultiplies() {
  float a[16][16], b[16][8], c[16][8];
  const auto value = [](int i) { return static_cast<float>(i * 37 % 23 - 11) / 8; };
  for (int i = 0; i < 256; ++i) a[i / 16][i % 16] = value(i);
  for (int i = 0; i < 128; ++i) b[i / 8][i % 8] = value(i + 5);
  const auto result = RunKernel({.threads = 32, .shared_bytes = 256}, [&] {
    const int g = threadIdx.x / 4;
    const int t = 2 * (threadIdx.x % 4);
    // b by rows of 8 in shared memory, as ldmatrix.trans takes it.
    const auto rows = SharedArena().Take<Half>(128);
    if (threadIdx.x < 16) {
      const float* row = b[threadIdx.x];
      rows.StoreAs(8 * threadIdx.x,
                   Words{{PairOf<Half>(row[0], row[1]), PairOf<Half>(row[2], row[3]),
                          PairOf<Half>(row[4], row[5]), PairOf<Half>(row[6], row[7])}});
    }
    __syncthreads();
    const Words columns = LoadMatricesTransposed(rows, 8 * (threadIdx.x % 16));
    const Words operand = {
        {PairOf<Half>(a[g][t], a[g][t + 1]), PairOf<Half>(a[g + 8][t], a[g + 8][t + 1]),
         PairOf<Half>(a[g][t + 8], a[g][t + 9]), PairOf<Half>(a[g + 8][t + 8], a[g + 8][t + 9])}};
    float sums[4] = {1, 1, 1, 1};
    Mma<Half>(sums, operand, columns.at[0], columns.at[1]);
    c[g][t] = sums[0];
    c[g][t + 1] = sums[1];
    c[g + 8][t] = sums[2];
    c[g + 8][t + 1] = sums[3];
  });
  EXPECT_THAT(result.reports, IsEmpty());
  for (int i = 0; i < 16; ++i) {
    for (int j = 0; j < 8; ++j) {
      float expected = 1;
      for (int k = 0; k < 16; ++k) expected += a[i][k] * b[k][j];
      EXPECT_EQ(c[i][j], expected) << i << ", " << j;
    }
  }
}

TEST(Shim, MultipliesBFloat16) { ExpectMultiplies<BFloat16>(); }

TEST(Shim, MultipliesFloat16) { ExpectMultiplies<Float16>(); }

TEST(Shim, RoundsHalvesToNearestEven) {
  EXPECT_EQ(shim::ToBits<BFloat16>(1.0f), 0x3f80);
  EXPECT_EQ(shim::ToBits<BFloat16>(1.0f + 1.0f / 256), 0x3f80);  // halfway: to even
  EXPECT_EQ(shim::ToBits<BFloat16>(1.0f + 3.0f / 256), 0x3f82);
  EXPECT_EQ(shim::ToBits<Float16>(1.0f), 0x3c00);
  EXPECT_EQ(shim::ToFloat<Float16>(0xc000), -2.0f);
}

}  // namespace
}  // namespace diffuser::kernels::cuda
