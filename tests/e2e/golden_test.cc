// What the published code computed, asked over the wire in all three ways: the logits must be those
// of the golden cases, and the same to the last bit whichever way they are asked for.

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/e2e/server_process.h"
#include "tests/e2e/wire.h"
#include "tests/testing/golden_case.h"

namespace diffuser::testing {
namespace {

using ::testing::ElementsAreArray;

std::vector<float> LogitsOf(const v1::ClassifyResponse& response) {
  return {response.logits().begin(), response.logits().end()};
}

// Largest |actual - expected|; infinity where the counts differ or a value is no number.
double LargestDifference(const std::vector<float>& actual, const std::vector<float>& expected) {
  double largest = actual.size() == expected.size() ? 0 : std::numeric_limits<double>::infinity();
  for (size_t i = 0; i < std::min(actual.size(), expected.size()); ++i) {
    const double difference = std::abs(double{actual[i]} - double{expected[i]});
    largest = std::isnan(difference) ? std::numeric_limits<double>::infinity()
                                     : std::max(largest, difference);
  }
  return largest;
}

class GoldenWireTest : public ::testing::TestWithParam<std::string> {
 protected:
  // One server with all cases, so that models share it.
  static void SetUpTestSuite() {
    auto server = ServerProcess::StartServing({GoldenModelFlag("tiny"), GoldenModelFlag("odd"),
                                               GoldenModelFlag("long"), "--precision=float32"});
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = std::move(*server).release();
  }
  static void TearDownTestSuite() {
    delete server_;
    server_ = nullptr;
  }

  void SetUp() override {
    ASSERT_NE(server_, nullptr);
    auto golden = GoldenCase::Load(absl::StrCat(DIFFUSER_GOLDEN, "/", GetParam()));
    ASSERT_TRUE(golden.ok()) << golden.status();
    for (int i = 0; i < golden->documents(); ++i) {
      requests_.push_back(
          IdsRequest(GetParam(), golden->Ints(absl::StrCat("doc", i, ".input_ids"))));
      requests_.back().mutable_document()->set_id(absl::StrCat("doc", i));
      expected_.push_back(golden->Floats(absl::StrCat("doc", i, ".logits")));
    }
    ASSERT_FALSE(requests_.empty());
  }

  int tokens(size_t document) const {
    return requests_[document].document().token_ids().ids_size();
  }

  // The logits of each document asked for by itself.
  std::vector<std::vector<float>> LogitsAlone() const {
    const Wire wire(server_->address());
    std::vector<std::vector<float>> logits;
    for (const v1::ClassifyRequest& request : requests_) {
      const auto response = wire.Classify(request);
      EXPECT_TRUE(response.ok()) << response.status();
      logits.push_back(response.ok() ? LogitsOf(*response) : std::vector<float>());
    }
    return logits;
  }

  static ServerProcess* server_;
  std::vector<v1::ClassifyRequest> requests_;
  std::vector<std::vector<float>> expected_;
};
ServerProcess* GoldenWireTest::server_ = nullptr;

TEST_P(GoldenWireTest, ClassifyGivesTheLogitsOfThePublishedCode) {
  const std::vector<std::vector<float>> logits = LogitsAlone();
  for (size_t i = 0; i < logits.size(); ++i) {
    const double tolerance = tokens(i) > 2048 ? 2e-5 : 1e-5;
    EXPECT_LE(LargestDifference(logits[i], expected_[i]), tolerance)
        << requests_[i].document().id();
  }
}

TEST_P(GoldenWireTest, ClassifyBatchGivesTheSameBitsInOrderAroundABadDocument) {
  std::vector<v1::ClassifyRequest> requests = requests_;
  const size_t bad = requests.size() / 2;
  requests.insert(requests.begin() + bad, IdsRequest(GetParam(), {5, 1'000'000, 6}));
  const auto batch = Wire(server_->address()).ClassifyBatch(BatchOf(requests));
  ASSERT_TRUE(batch.ok()) << batch.status();
  ASSERT_EQ(batch->results_size(), static_cast<int>(requests.size()));
  const google::rpc::Status& error = batch->results(static_cast<int>(bad)).error();
  EXPECT_EQ(error.code(), static_cast<int>(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(error.message(), ::testing::StartsWith(absl::StrCat(
                                   "documents[", bad, "].token_ids.ids[1]: 1000000 is outside")));
  const std::vector<std::vector<float>> alone = LogitsAlone();
  for (size_t i = 0; i < alone.size(); ++i) {
    const auto& result = batch->results(static_cast<int>(i < bad ? i : i + 1));
    EXPECT_EQ(result.response().id(), requests_[i].document().id());
    EXPECT_THAT(LogitsOf(result.response()), ElementsAreArray(alone[i]));
  }
}

TEST_P(GoldenWireTest, ClassifyStreamGivesTheSameBitsMatchedById) {
  const StreamAnswers answers = Wire(server_->address()).ClassifyStream(requests_);
  EXPECT_TRUE(answers.status.ok()) << answers.status;
  EXPECT_EQ(answers.by_id.size(), requests_.size());
  const std::vector<std::vector<float>> alone = LogitsAlone();
  for (size_t i = 0; i < alone.size(); ++i) {
    const std::string& id = requests_[i].document().id();
    ASSERT_EQ(answers.by_id.count(id), 1u) << id;
    const v1::ClassifyResponse& response = answers.by_id.find(id)->second.response();
    EXPECT_THAT(LogitsOf(response), ElementsAreArray(alone[i])) << id;
  }
}

INSTANTIATE_TEST_SUITE_P(Cases, GoldenWireTest, ::testing::Values("tiny", "odd", "long"));

}  // namespace
}  // namespace diffuser::testing
