#include "server/batching/policy.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace diffuser::batching {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const absl::Time kStart = absl::FromUnixSeconds(1000);

// Documents of one unit each, that came a millisecond apart.
std::vector<QueuedItem> Documents(const std::vector<int>& lengths) {
  std::vector<QueuedItem> items;
  for (const int tokens : lengths) {
    items.push_back({tokens, tokens, kStart + absl::Milliseconds(items.size())});
  }
  return items;
}

std::vector<int> Take(const std::vector<QueuedItem>& items, const BatchLimits& limits,
                      int head_passed_over = 0) {
  const QueueView view{.items = items, .head_passed_over = head_passed_over};
  return Decide(view, kStart + absl::Seconds(1), limits).take;
}

TEST(Decide, WaitsForEverOnAnEmptyQueue) {
  const Decision decision = Decide({}, kStart, {});
  EXPECT_THAT(decision.take, IsEmpty());
  EXPECT_EQ(decision.wait_until, absl::InfiniteFuture());
}

TEST(Decide, TakesASingleDocumentAtOnce) {
  const auto items = Documents({5});
  EXPECT_THAT(Decide({.items = items}, kStart, {.budget_tokens = 100}).take, ElementsAre(0));
}

TEST(Decide, TakesAllThatFits) {
  EXPECT_THAT(Take(Documents({50, 10, 40}), {.budget_tokens = 100}), ElementsAre(0, 1, 2));
}

TEST(Decide, TakesNoMoreDocumentsThanAllowed) {
  EXPECT_THAT(Take(Documents({1, 1, 1}), {.budget_tokens = 100, .max_documents = 2}),
              ElementsAre(0, 1));
}

TEST(Decide, FillsOldestFirstOnceTheHeadWasPassedOver) {
  EXPECT_THAT(Take(Documents({60, 50, 30, 20, 10}), {.budget_tokens = 100}, 1),
              ElementsAre(0, 2, 4));
}

TEST(Decide, TakesTheShortestDocumentsBeforeThat) {
  EXPECT_THAT(Take(Documents({60, 50, 30, 20, 10}), {.budget_tokens = 100}), ElementsAre(2, 3, 4));
}

TEST(Decide, KeepsToTheOrderOfArrivalWherePassingOverIsOff) {
  EXPECT_THAT(Take(Documents({60, 50, 30}), {.budget_tokens = 100, .max_passed_over = 0}),
              ElementsAre(0, 2));
}

TEST(Decide, MeasuresAChunkByItsWholeDocument) {
  auto items = Documents({40, 40, 40, 90});
  for (int chunk = 0; chunk < 3; ++chunk) items[chunk].document_tokens = 120;
  EXPECT_THAT(Take(items, {.budget_tokens = 100}), ElementsAre(3));
}

TEST(Decide, GivesADocumentAboveTheBudgetABatchOfItsOwn) {
  EXPECT_THAT(Take(Documents({500, 500}), {.budget_tokens = 100}), ElementsAre(0));
  EXPECT_THAT(Take(Documents({500, 1}), {.budget_tokens = 100}, 1), ElementsAre(0));
}

TEST(Decide, WaitsForAFullerBatchNoLongerThanTheDelay) {
  const auto items = Documents({10, 10});
  const BatchLimits limits{.budget_tokens = 100, .max_delay = absl::Milliseconds(5)};
  const Decision early = Decide({.items = items}, kStart + absl::Milliseconds(4), limits);
  EXPECT_THAT(early.take, IsEmpty());
  EXPECT_EQ(early.wait_until, kStart + absl::Milliseconds(5));
  EXPECT_THAT(Decide({.items = items}, early.wait_until, limits).take, ElementsAre(0, 1));
}

TEST(Decide, DoesNotDelayAFullBatchNorAClosedQueue) {
  const BatchLimits limits{
      .budget_tokens = 100, .max_documents = 3, .max_delay = absl::Milliseconds(5)};
  const auto full = Documents({60, 40});
  const auto crowded = Documents({60, 50});
  const auto many = Documents({1, 1, 1});
  const auto few = Documents({1});
  EXPECT_THAT(Decide({.items = full}, kStart, limits).take, ElementsAre(0, 1));
  EXPECT_THAT(Decide({.items = crowded}, kStart, limits).take, ElementsAre(1));
  EXPECT_THAT(Decide({.items = many}, kStart, limits).take, ElementsAre(0, 1, 2));
  EXPECT_THAT(Decide({.items = few, .closed = true}, kStart, limits).take, ElementsAre(0));
}

// A queue and an executor that are always busy, one batch a step.
class Simulation {
 public:
  explicit Simulation(const BatchLimits& limits) : limits_(limits) {}

  // A document in chunks of `tokens`, to be found again by `name`.
  void Arrive(int name, int tokens, int chunks = 1) {
    for (int i = 0; i < chunks; ++i) {
      items_.push_back({tokens, int64_t{tokens} * chunks, kStart});
      names_.push_back(name);
    }
  }

  void RunBatch() {
    ++batches_;
    const Decision decision = Decide({.items = items_, .head_passed_over = passed_over_},
                                     kStart + absl::Seconds(1), limits_);
    if (decision.take.empty()) return;
    passed_over_ = decision.take.front() == 0 ? 0 : passed_over_ + 1;
    for (auto index = decision.take.rbegin(); index != decision.take.rend(); ++index) {
      finished_[names_[*index]] = batches_;
      items_.erase(items_.begin() + *index);
      names_.erase(names_.begin() + *index);
    }
  }

  bool IsWaiting(int name) const { return std::count(names_.begin(), names_.end(), name) > 0; }
  // The batch that held the last unit of the document, counted from 1; 0 if none yet.
  int FinishedInBatch(int name) const {
    const auto found = finished_.find(name);
    return found == finished_.end() || IsWaiting(name) ? 0 : found->second;
  }

 private:
  const BatchLimits limits_;
  std::vector<QueuedItem> items_;
  std::vector<int> names_;
  std::map<int, int> finished_;
  int passed_over_ = 0;
  int batches_ = 0;
};

TEST(BatchingFairness, LongDocumentsAreNotStarvedByAFloodOfShortOnes) {
  for (const int passed_over : {0, 1, 3}) {
    Simulation simulation({.budget_tokens = 100, .max_passed_over = passed_over});
    constexpr int kLong = 5;
    for (int name = 0; name < kLong; ++name) simulation.Arrive(name, 100);
    for (int batch = 0; batch < kLong * (passed_over + 1); ++batch) {
      for (int i = 0; i < 20; ++i) simulation.Arrive(1000, 10);
      simulation.RunBatch();
    }
    for (int name = 0; name < kLong; ++name) {
      EXPECT_EQ(simulation.FinishedInBatch(name), (passed_over + 1) * (name + 1));
    }
  }
}

TEST(BatchingFairness, AShortDocumentIsNotHeldUpByManyLongOnes) {
  Simulation simulation({.budget_tokens = 100});
  for (int name = 0; name < 50; ++name) simulation.Arrive(name, 100);
  simulation.Arrive(1000, 10);
  simulation.RunBatch();
  EXPECT_EQ(simulation.FinishedInBatch(1000), 1);
  simulation.Arrive(1001, 10);
  simulation.RunBatch();
  simulation.RunBatch();
  EXPECT_GT(simulation.FinishedInBatch(1001), 0);
}

TEST(BatchingFairness, AWholeDocumentIsNotHeldUpByTheChunksOfAHugeOne) {
  Simulation simulation({.budget_tokens = 100});
  simulation.Arrive(1, 100, 200);
  simulation.RunBatch();
  simulation.Arrive(2, 100);
  simulation.RunBatch();
  simulation.RunBatch();
  EXPECT_GT(simulation.FinishedInBatch(2), 0);
}

TEST(BatchingFairness, EveryDocumentIsComputedWithinTheBoundThatTheHeaderStates) {
  for (uint32_t seed = 1; seed <= 20; ++seed) {
    uint32_t state = seed;
    const auto draw = [&state](uint32_t below) {
      state = state * 1664525u + 1013904223u;
      return (state >> 8) % below;
    };
    Simulation simulation({.budget_tokens = 100, .max_documents = 8});
    std::map<int, int> latest;  // the batch that each document must be in at the latest
    int arrived = 0;
    for (int batch = 1; batch <= 200; ++batch) {
      for (uint32_t i = 0; i < draw(4); ++i) {
        int older = 0;
        for (int name = 0; name < arrived; ++name) older += simulation.IsWaiting(name) ? 1 : 0;
        latest[arrived] = batch - 1 + 2 * (older + 1);
        simulation.Arrive(arrived++, 1 + static_cast<int>(draw(120)));
      }
      simulation.RunBatch();
    }
    for (int batch = 0; batch < 2 * arrived; ++batch) simulation.RunBatch();
    for (int name = 0; name < arrived; ++name) {
      EXPECT_GT(simulation.FinishedInBatch(name), 0);
      EXPECT_LE(simulation.FinishedInBatch(name), latest[name]);
    }
  }
}

}  // namespace
}  // namespace diffuser::batching
