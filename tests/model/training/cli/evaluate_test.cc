#include "model/training/cli/evaluate.h"

#include <gmock/gmock.h>

#include <cmath>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <sstream>
#include <vector>

#include "model/training/evaluation/scores.h"
#include "model/training/evaluation/thresholds.h"
#include "tests/model/training/cli/eval_fixture.h"
#include "tests/testing/fake_tokenizer.h"

namespace diffuser::training {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

constexpr int kDocuments = 40;

class EvaluateTest : public EvalTest {
 protected:
  // Documents of one word each, every third with both labels, the others with "yes".
  EvaluateTest() {
    std::string lines;
    for (int i = 0; i < kDocuments; ++i) {
      const bool has_both = i % 3 == 0;
      truth_.push_back(has_both ? std::vector<int>{0, 1} : std::vector<int>{1});
      lines += json{{"text", Word(i)},
                    {"labels", has_both ? json{"no", "yes"} : json{"yes"}},
                    {"source", i < 10 ? "npm" : "deb"}}
                   .dump() +
               "\n";
    }
    options_ = Options("data.jsonl", lines);
    options_.format = ScoreFormat::kJson;
    folder_.Write("config.json", "{\"kept\": true}");
  }

  static std::string Word(int i) { return "word" + std::to_string(i); }

  // What the fake model says of the documents, by its formula.
  ScoreMatrix ExpectedScores() const {
    ScoreMatrix scores(2);
    for (int i = 0; i < kDocuments; ++i) {
      std::vector<float> row;
      for (const float logit : testing::FakeLogits(tokenizer_.Encode(Word(i))->ids, 2)) {
        row.push_back(static_cast<float>(1 / (1 + std::exp(-double{logit}))));
      }
      scores.Append(row);
    }
    return scores;
  }

  Scores ExpectedScores(const std::vector<float>& thresholds) const {
    return ComputeScores(PredictByThreshold(ExpectedScores(), thresholds), truth_, 2);
  }

  absl::Status Run() {
    out_.str("");
    err_.str("");
    // A clock that moves on by a millisecond whenever it is looked at.
    return Evaluate(options_, classifier_, tokenizer_,
                    {.out = out_, .err = err_, .progress = {}, .now = [this] {
                       return now_ += absl::Milliseconds(1);
                     }});
  }

  json Config() const {
    std::ifstream file(folder_.path("config.json"));
    return json::parse(file);
  }

  EvalOptions options_;
  LabelSets truth_;
  testing::FakeTokenizer tokenizer_;
  testing::FakeClassifier classifier_{MultiLabelConfig()};
  absl::Time now_ = absl::UnixEpoch();
  std::ostringstream out_, err_;
};

TEST_F(EvaluateTest, ScoresByTheCheckpointsThresholds) {
  ASSERT_TRUE(Run().ok());
  const json scores = json::parse(out_.str());
  const Scores expected = ExpectedScores({0.5f, 0.5f});
  EXPECT_EQ(scores["micro"]["f1"], expected.micro.f1());
  EXPECT_EQ(scores["macro"]["f1"], expected.macro_f1);
  EXPECT_EQ(scores["exact_match"], expected.exact_match);
  EXPECT_EQ(scores["labels"]["no"]["true_positives"], expected.labels[0].true_positives);
  EXPECT_EQ(scores["speed"]["documents"], kDocuments);
  EXPECT_EQ(scores["speed"]["tokens"], 3 * kDocuments);
}

TEST_F(EvaluateTest, ScoresByTheThresholdThatIsAskedFor) {
  options_.threshold = 0.8f;
  ASSERT_TRUE(Run().ok());
  EXPECT_EQ(json::parse(out_.str())["micro"]["f1"], ExpectedScores({0.8f, 0.8f}).micro.f1());
}

TEST_F(EvaluateTest, TunesThresholdsAndLeavesTheCheckpointAlone) {
  options_.tune_thresholds = true;
  ASSERT_TRUE(Run().ok());
  const auto tuned = TuneThresholds(ExpectedScores(), truth_, {});
  EXPECT_EQ(json::parse(out_.str())["micro"]["f1"], ExpectedScores(tuned.thresholds).micro.f1());
  EXPECT_THAT(err_.str(), HasSubstr("1 labels have their own; 1, of fewer than 30 documents each"));
  EXPECT_EQ(Config(), json({{"kept", true}}));
}

TEST_F(EvaluateTest, WritesTunedThresholdsIntoTheCheckpoint) {
  options_.tune_thresholds = true;
  options_.write = true;
  ASSERT_TRUE(Run().ok());
  const auto tuned = TuneThresholds(ExpectedScores(), truth_, {});
  const json config = Config();
  EXPECT_EQ(config["kept"], true);
  EXPECT_EQ(config["label_thresholds"]["no"].get<float>(), tuned.thresholds[0]);
  EXPECT_EQ(config["label_thresholds"]["yes"].get<float>(), tuned.thresholds[1]);
}

TEST_F(EvaluateTest, ScoresGroupsByThemselves) {
  options_.group_by = "source";
  ASSERT_TRUE(Run().ok());
  const json scores = json::parse(out_.str());
  EXPECT_EQ(scores["groups"]["npm"]["documents"], 10);
  EXPECT_EQ(scores["groups"]["deb"]["documents"], kDocuments - 10);
}

TEST_F(EvaluateTest, WritesPredictionsLineByLine) {
  options_.predictions = folder_.path("predictions.jsonl");
  ASSERT_TRUE(Run().ok());
  std::ifstream file(options_.predictions);
  std::vector<json> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(json::parse(line));
  ASSERT_EQ(lines.size(), static_cast<size_t>(kDocuments));
  EXPECT_EQ(lines[3]["at"], options_.data + ":4");
  EXPECT_EQ(lines[3]["labels"], json({"no", "yes"}));
  EXPECT_EQ(lines[3]["predicted"].size(),
            PredictByThreshold(ExpectedScores(), {0.5f, 0.5f})[3].size());
}

TEST_F(EvaluateTest, PrintsTheScoresEvenIfThePredictionsCannotBeWritten) {
  options_.predictions = "/nowhere/predictions.jsonl";
  EXPECT_THAT(std::string(Run().message()), HasSubstr("/nowhere/predictions.jsonl"));
  EXPECT_THAT(out_.str(), HasSubstr("\"micro\""));
}

TEST_F(EvaluateTest, NamesTheDocumentThatCannotBeScored) {
  // An id beyond the model's vocabulary.
  const testing::FakeTokenizer larger(1 << 30);
  const auto status =
      Evaluate(options_, classifier_, larger,
               {.out = out_, .err = err_, .progress = {}, .now = [this] { return now_; }});
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("data.jsonl:1: bad id"));
  EXPECT_EQ(out_.str(), "");
}

TEST(CheckEvalOptions, RefusesWhatDoesNotFitTheModel) {
  EvalOptions options;
  options.threshold = 0.5f;
  EXPECT_TRUE(CheckEvalOptions(options, MultiLabelConfig()).ok());
  EXPECT_THAT(std::string(CheckEvalOptions(options, testing::SmallConfig()).message()),
              HasSubstr("are for multi-label models"));
  options = {};
  for (const int64_t overlap : {-1, 16}) {
    options.chunk_overlap = overlap;
    EXPECT_THAT(std::string(CheckEvalOptions(options, MultiLabelConfig()).message()),
                HasSubstr("below half of the model's 32 tokens"));
  }
  model::ModelConfig regression = testing::SmallConfig();
  regression.problem_type = model::ProblemType::kRegression;
  EXPECT_THAT(std::string(CheckEvalOptions({}, regression).message()),
              HasSubstr("is no classifier"));
}

}  // namespace
}  // namespace diffuser::training
