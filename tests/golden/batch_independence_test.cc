// An answer does not depend on the batch it was computed in: the same bits alone, first, last,
// among others, in any order, and for any number of threads.

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>
#include <random>
#include <string>
#include <tuple>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "model/classifier.h"
#include "tests/testing/golden_case.h"

namespace diffuser {
namespace {

using model::Classification;
using model::Classifier;
using model::PackedBatch;

class BatchIndependenceTest
    : public ::testing::TestWithParam<std::tuple<std::string, model::Precision>> {
 protected:
  BatchIndependenceTest()
      : name_(std::get<0>(GetParam())),
        dir_(DIFFUSER_GOLDEN "/" + name_),
        precision_(std::get<1>(GetParam())),
        classifier_(Load(2)) {
    auto golden = testing::GoldenCase::Load(dir_);
    EXPECT_TRUE(golden.ok()) << golden.status();
    for (int i = 0; i < golden->documents(); ++i) {
      documents_.push_back(golden->Ints("doc" + std::to_string(i) + ".input_ids"));
    }
    for (const auto& document : documents_) alone_.push_back(Classify(*classifier_, {document})[0]);
  }

  std::shared_ptr<const Classifier> Load(int threads) const {
    auto classifier = Classifier::Load(dir_, {.precision = precision_, .compute_threads = threads});
    EXPECT_TRUE(classifier.ok()) << classifier.status();
    return *classifier;
  }

  static std::vector<Classification> Classify(const Classifier& classifier,
                                              const std::vector<std::vector<int32_t>>& documents) {
    PackedBatch batch;
    for (const auto& document : documents) batch.Append(document);
    auto answers = classifier.Classify(batch, std::vector<bool>(documents.size(), true));
    EXPECT_TRUE(answers.ok()) << answers.status();
    return *std::move(answers);
  }

  // REQUIRES: order names documents_ by index.
  void ExpectSameBits(const Classifier& classifier, const std::vector<int>& order) const {
    std::vector<std::vector<int32_t>> batch;
    for (int index : order) batch.push_back(documents_[index]);
    const auto answers = Classify(classifier, batch);
    for (size_t i = 0; i < order.size(); ++i) {
      EXPECT_EQ(answers[i].logits, alone_[order[i]].logits) << "document " << order[i];
      EXPECT_EQ(answers[i].evidence, alone_[order[i]].evidence) << "document " << order[i];
    }
  }

  std::vector<int> AllDocuments() const {
    std::vector<int> order(documents_.size());
    std::iota(order.begin(), order.end(), 0);
    return order;
  }

  std::string name_, dir_;
  model::Precision precision_;
  std::shared_ptr<const Classifier> classifier_;
  std::vector<std::vector<int32_t>> documents_;
  std::vector<Classification> alone_;
};

TEST_P(BatchIndependenceTest, GivesTheSameBitsInAnyOrder) {
  std::mt19937 random(11);
  std::vector<int> order = AllDocuments();
  for (int trial = 0; trial < 4; ++trial) {
    ExpectSameBits(*classifier_, order);
    std::shuffle(order.begin(), order.end(), random);
  }
}

TEST_P(BatchIndependenceTest, GivesTheSameBitsBesideItsOwnCopies) {
  for (int copies : {2, 3, 5, 9}) ExpectSameBits(*classifier_, std::vector<int>(copies, 0));
}

TEST_P(BatchIndependenceTest, GivesTheSameBitsForAnyNumberOfThreads) {
  for (int threads : {1, 3}) ExpectSameBits(*Load(threads), AllDocuments());
}

TEST_P(BatchIndependenceTest, GivesTheSameLogitsWithoutEvidence) {
  PackedBatch batch;
  for (const auto& document : documents_) batch.Append(document);
  auto answers = classifier_->Classify(batch, {});
  ASSERT_TRUE(answers.ok()) << answers.status();
  for (size_t i = 0; i < answers->size(); ++i) {
    EXPECT_EQ((*answers)[i].logits, alone_[i].logits);
    EXPECT_TRUE((*answers)[i].evidence.empty());
  }
}

TEST_P(BatchIndependenceTest, GivesEvidenceThatSumsToOneWhereEveryTokenHasAnEdge) {
  if (name_ == "odd") GTEST_SKIP() << "its last tokens have no local edge";
  for (size_t i = 0; i < documents_.size(); ++i) {
    ASSERT_EQ(alone_[i].evidence.size(), documents_[i].size());
    const double sum = std::accumulate(alone_[i].evidence.begin(), alone_[i].evidence.end(), 0.0);
    EXPECT_NEAR(sum, 1.0, precision_ == model::Precision::kFloat32 ? 1e-5 : 1e-4);
  }
}

// int8 needs AVX2, which every machine that builds LibTorch's tests has.
INSTANTIATE_TEST_SUITE_P(Cases, BatchIndependenceTest,
                         ::testing::Combine(::testing::Values("tiny", "odd", "long"),
                                            ::testing::Values(model::Precision::kFloat32,
                                                              model::Precision::kInt8)),
                         [](const auto& tested) {
                           return std::get<0>(tested.param) + "_" +
                                  model::PrecisionName(std::get<1>(tested.param));
                         });

}  // namespace
}  // namespace diffuser
