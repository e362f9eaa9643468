#include "model/training/report/metrics_csv.h"

#include <filesystem>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/temporary_folder.h"

namespace diffuser::training {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kHeader[] =
    "step,epoch,tokens,seconds,learning_rate,train_loss,eval_loss,micro_f1,macro_f1,exact_match,"
    "tokens_per_second\n";

const MetricsRow kFirst = {.step = 10,
                           .epoch = 0.5,
                           .tokens = 4096,
                           .seconds = 1.25,
                           .learning_rate = 1e-4,
                           .train_loss = 0.1};
const MetricsRow kSecond = {.step = 20,
                            .epoch = 1,
                            .tokens = 8192,
                            .seconds = 2.5,
                            .eval_loss = 0.25,
                            .micro_f1 = 1.0 / 3,
                            .macro_f1 = 0,
                            .exact_match = 1,
                            .tokens_per_second = 3276.8};

class MetricsCsvTest : public ::testing::Test {
 protected:
  void Write(const std::string& text) { folder_.Write("metrics.csv", text); }
  std::string Text() const { return testing::ReadFile(path_); }

  const testing::TemporaryFolder folder_;
  const std::string path_ = folder_.path("metrics.csv");
};

TEST_F(MetricsCsvTest, WritesALineForEachRowAndNothingForWhatWasNotMeasured) {
  auto csv = MetricsCsv::Open(path_, 0);
  ASSERT_TRUE(csv.ok()) << csv.status();
  ASSERT_TRUE(csv->Append(kFirst).ok());
  ASSERT_TRUE(csv->Append(kSecond).ok());
  EXPECT_EQ(Text(), std::string(kHeader) +
                        "10,0.5,4096,1.25,1e-04,0.1,,,,,\n"
                        "20,1,8192,2.5,,,0.25,0.3333333333333333,0,1,3276.8\n");
  EXPECT_THAT(csv->rows(), ElementsAre(kFirst, kSecond));
}

TEST_F(MetricsCsvTest, BeginsAnewAtStepZeroWhateverIsThere) {
  Write("something else");
  const auto csv = MetricsCsv::Open(path_, 0);
  ASSERT_TRUE(csv.ok()) << csv.status();
  EXPECT_THAT(csv->rows(), IsEmpty());
  EXPECT_EQ(Text(), kHeader);
}

TEST_F(MetricsCsvTest, KeepsTheRowsUpToTheStepThatARunIsResumedAt) {
  {
    auto csv = MetricsCsv::Open(path_, 0);
    for (const MetricsRow& row : {kFirst, kSecond}) ASSERT_TRUE(csv->Append(row).ok());
  }
  const auto whole = MetricsCsv::Open(path_, 20);
  ASSERT_TRUE(whole.ok()) << whole.status();
  EXPECT_THAT(whole->rows(), ElementsAre(kFirst, kSecond));
  auto csv = MetricsCsv::Open(path_, 19);
  ASSERT_TRUE(csv.ok()) << csv.status();
  EXPECT_THAT(csv->rows(), ElementsAre(kFirst));
  ASSERT_TRUE(csv->Append(kSecond).ok());
  EXPECT_EQ(MetricsCsv::Open(path_, 20)->rows().size(), 2u);
}

TEST_F(MetricsCsvTest, DropsALastLineThatWasCutShort) {
  Write(std::string(kHeader) + "10,0.5,4096,1.25,0.0001,0.1,,,,,\n20,1,81");
  const auto csv = MetricsCsv::Open(path_, 100);
  ASSERT_TRUE(csv.ok()) << csv.status();
  EXPECT_THAT(csv->rows(), ElementsAre(kFirst));
}

TEST_F(MetricsCsvTest, NamesTheLineThatIsNoRow) {
  Write(std::string(kHeader) + "10,0.5,4096,1.25,0.0001,0.1,,,,,\n20,1,two\n");
  const auto csv = MetricsCsv::Open(path_, 100);
  EXPECT_EQ(csv.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(csv.status().message(), HasSubstr("metrics.csv:3: is no row of metrics"));
}

TEST_F(MetricsCsvTest, RefusesToResumeWithAFileOfOtherColumns) {
  Write("step,loss\n1,2\n");
  EXPECT_THAT(MetricsCsv::Open(path_, 1).status().message(), HasSubstr(":1: is no header"));
}

TEST_F(MetricsCsvTest, SaysThatTheDiskIsFullAndKeepsTheRowsBefore) {
  auto csv = MetricsCsv::Open(path_, 0);
  ASSERT_TRUE(csv.ok()) << csv.status();
  ASSERT_TRUE(csv->Append(kFirst).ok());
  std::filesystem::remove(path_);
  std::filesystem::create_symlink("/dev/full", path_);
  EXPECT_EQ(csv->Append(kSecond).code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(csv->rows(), ElementsAre(kFirst));
}

TEST_F(MetricsCsvTest, SaysThatTheFolderIsNotThere) {
  EXPECT_THAT(MetricsCsv::Open("/nowhere/metrics.csv", 0).status().message(),
              HasSubstr("/nowhere/metrics.csv"));
}

}  // namespace
}  // namespace diffuser::training
