#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "model/classifier.h"
#include "model/training/convert/convert.h"
#include "tests/model/training/convert/convert_fixture.h"

namespace diffuser::training {
namespace {

using ConvertedClassifierTest = ConvertFixture;

TEST_F(ConvertedClassifierTest, ClassifiesDocumentsLongerThanTheRobertaTook) {
  Write();
  const auto report = ConvertRoberta(options_);
  ASSERT_TRUE(report.ok()) << report.status();
  const auto classifier =
      model::Classifier::Load(options_.output, {.precision = model::Precision::kFloat32});
  ASSERT_TRUE(classifier.ok()) << classifier.status();
  std::vector<int32_t> ids((*classifier)->config().max_tokens());
  ASSERT_EQ(ids.size(), 48u);
  for (size_t i = 0; i < ids.size(); ++i) ids[i] = static_cast<int32_t>(2 + i * 37 % 498);
  model::PackedBatch batch;
  batch.Append(ids);
  const auto answers = (*classifier)->Classify(batch, {});
  ASSERT_TRUE(answers.ok()) << answers.status();
  ASSERT_EQ(answers->size(), 1u);
  ASSERT_EQ((*answers)[0].logits.size(), 3u);
  for (const float logit : (*answers)[0].logits) EXPECT_TRUE(std::isfinite(logit));
}

}  // namespace
}  // namespace diffuser::training
