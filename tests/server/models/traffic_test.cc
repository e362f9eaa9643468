// Random mixed traffic through all of the request path, from several threads, to two models: every
// document is answered exactly once, with the right answer or with an error that fits it.

#include <atomic>
#include <deque>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "model/label_scores.h"
#include "model/windows.h"
#include "server/models/serving.h"
#include "tests/testing/fake_factories.h"

namespace diffuser::models {
namespace {

using absl::StatusCode;
using pipeline::ClassifyAnswer;
using pipeline::LongDocument;

constexpr uint32_t kPoison = 666;  // the fake model fails with INTERNAL on it
constexpr int kThreads = 4;
constexpr int kDocumentsPerThread = 400;

enum class Kind {
  kGood,
  kShortDeadline,
  kExpired,
  kCancelled,
  kCancelledLater,
  kInvalid,
  kPoisoned
};

// One document on its way, and what became of it.
struct Sent {
  Kind kind = Kind::kGood;
  std::string text;           // empty: given as token ids
  std::vector<uint32_t> ids;  // of the text, or as given
  LongDocument long_document = LongDocument::kChunk;
  std::shared_ptr<batching::Cancellation> cancellation = std::make_shared<batching::Cancellation>();
  std::atomic<int> answers = 0;
  absl::StatusOr<ClassifyAnswer> answer = absl::UnknownError("unanswered");
};

model::ModelConfig TrafficConfig(model::ProblemType type) {
  model::ModelConfig config = testing::SmallConfig();
  config.max_position_embeddings = 514;  // 512 tokens
  config.problem_type = type;
  return config;
}

std::vector<uint32_t> RandomIds(Kind kind, std::mt19937& random) {
  // Half of the documents are short, the rest up to 10,000 tokens.
  const int longest = random() % 2 == 0 ? 100 : 10000;
  std::vector<uint32_t> ids(1 + random() % longest);
  for (uint32_t& id : ids) id = 700 + random() % 300;
  if (random() % 2 == 0) ids.front() = 0;
  if (kind == Kind::kPoisoned) ids = {0, kPoison, 2};
  if (kind == Kind::kInvalid) ids[random() % ids.size()] = random() % 2 == 0 ? 1 : 1000;
  return ids;
}

// Words that the fake tokenizer turns into `ids`, specials and all.
std::string RandomText(std::mt19937& random) {
  const testing::FakeTokenizer tokenizer;
  const int words = 1 + static_cast<int>(random() % 2000);
  std::string text;
  while (text.size() < static_cast<size_t>(words)) {
    const std::string word = std::to_string(random() % 1000);
    if (tokenizer.WordId(word) != kPoison) text += word + (random() % 10 == 0 ? "\n" : " ");
  }
  return text;
}

void MakeContent(Sent& sent, std::mt19937& random) {
  sent.ids = RandomIds(sent.kind, random);
  if (sent.kind == Kind::kPoisoned || random() % 3 != 0) return;
  sent.text = RandomText(random);
  if (sent.kind == Kind::kInvalid) {
    sent.text += '\xff';
    return;
  }
  const auto ids = testing::FakeTokenizer().Encode(sent.text)->ids;
  sent.ids.assign(ids.begin(), ids.end());
}

pipeline::ClassifyTask MakeTask(const Sent& sent, std::mt19937& random) {
  pipeline::ClassifyTask task;
  if (sent.text.empty()) {
    task.content = sent.ids;
  } else {
    task.content = sent.text;
  }
  task.options.long_document = sent.long_document;
  task.options.return_logits = true;
  task.options.return_evidence = random() % 4 == 0;
  task.cancellation = sent.cancellation;
  if (sent.kind == Kind::kExpired) task.deadline = absl::InfinitePast();
  if (sent.kind == Kind::kShortDeadline) {
    task.deadline = absl::Now() + absl::Microseconds(random() % 3000);
  }
  return task;
}

void Send(const ServedModel& model, Sent& sent, std::mt19937& random) {
  sent.kind = static_cast<Kind>(random() % 7);
  MakeContent(sent, random);
  sent.long_document = random() % 2 == 0 ? LongDocument::kChunk : LongDocument::kHeadTail;
  if (sent.kind == Kind::kCancelled) sent.cancellation->Cancel();
  model.pipeline->Classify(
      MakeTask(sent, random),
      batching::Completion<ClassifyAnswer>([&sent](absl::StatusOr<ClassifyAnswer> answer) {
        sent.answer = std::move(answer);
        sent.answers.fetch_add(1);
      }));
  if (sent.kind == Kind::kCancelledLater) sent.cancellation->Cancel();
}

// Besides being refused for want of room, or because the server drains.
std::set<StatusCode> AllowedCodes(Kind kind) {
  switch (kind) {
    case Kind::kInvalid:
      return {StatusCode::kInvalidArgument};
    case Kind::kExpired:
      return {StatusCode::kDeadlineExceeded};
    case Kind::kCancelled:
      return {StatusCode::kCancelled};
    case Kind::kPoisoned:
      return {StatusCode::kInternal};
    case Kind::kShortDeadline:
      return {StatusCode::kOk, StatusCode::kDeadlineExceeded};
    case Kind::kCancelledLater:
      return {StatusCode::kOk, StatusCode::kCancelled};
    case Kind::kGood:
      break;
  }
  return {StatusCode::kOk};
}

// What the fake model's logits come to, laid out by the pure functions alone.
std::vector<float> ExpectedLogits(const Sent& sent, const model::ModelConfig& config) {
  const std::vector<int32_t> ids(sent.ids.begin(), sent.ids.end());
  const int64_t prefix = ids.front() == config.bos_token_id ? 1 : 0;
  const int64_t suffix = ids.size() > 1 && ids.back() == config.eos_token_id ? 1 : 0;
  const auto plan = model::PlanWindows(static_cast<int64_t>(ids.size()),
                                       {.prefix = prefix,
                                        .suffix = suffix,
                                        .max_tokens = config.max_tokens(),
                                        .long_document = sent.long_document,
                                        .chunk_overlap = config.max_tokens() / 8});
  std::vector<std::vector<float>> logits;
  for (const auto& window : plan->windows) {
    logits.push_back(testing::FakeLogits(model::WindowIds(ids, window), config.labels.size()));
  }
  return model::CombineChunks(config.problem_type, logits).logits;
}

class TrafficTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const auto type : {model::ProblemType::kSingleLabel, model::ProblemType::kMultiLabel}) {
      auto classifier = std::make_shared<testing::FakeClassifier>(TrafficConfig(type));
      classifier->before_classify = [](const model::PackedBatch& batch) {
        for (const int32_t id : batch.ids()) {
          if (id == kPoison) return absl::InternalError("poisoned");
        }
        return batch.tokens() > 3000 ? absl::ResourceExhaustedError("no memory") : absl::OkStatus();
      };
      classifiers_.push_back(std::move(classifier));
      observers_.push_back(std::make_shared<testing::RecordingObserver>());
    }
    ModelFactories factories;
    factories.find_devices = [] { return std::vector<std::string>{"cpu"}; };
    factories.load_classifier =
        [this](const ModelSpec& spec,
               const std::string&) -> absl::StatusOr<std::shared_ptr<const model::Classifier>> {
      return classifiers_[std::stoi(spec.directory)];
    };
    factories.load_tokenizer = [](const std::string&) {
      return std::make_unique<const testing::FakeTokenizer>();
    };
    factories.make_observer = [this](const ModelSpec& spec) {
      return observers_[std::stoi(spec.directory)];
    };
    serving_ = std::make_unique<Serving>(
        ServingOptions{.tokenizer_pool = {.threads = 2, .max_tasks = 50},
                       .queue = {.max_tokens = 40000, .max_documents = 100},
                       .batch = {.budget_tokens = 4096, .max_documents = 16}},
        std::move(factories), &events_, absl::Now);
    for (const char* index : {"0", "1"}) models_.push_back(*serving_->Load({"m", index, index}));
  }

  // Begins the traffic; returns its threads. Document i goes to model i % 2.
  std::vector<std::thread> StartTraffic() {
    std::vector<std::thread> threads;
    for (int thread = 0; thread < kThreads; ++thread) {
      for (int i = 0; i < kDocumentsPerThread; ++i) sent_.emplace_back();
    }
    for (int thread = 0; thread < kThreads; ++thread) {
      threads.emplace_back([this, thread] {
        std::mt19937 random(thread);
        for (int i = 0; i < kDocumentsPerThread; ++i) {
          Send(*models_[i % 2], sent_[thread * kDocumentsPerThread + i], random);
        }
      });
    }
    return threads;
  }

  void CheckAnswers() {
    for (size_t i = 0; i < sent_.size(); ++i) {
      const Sent& sent = sent_[i];
      ASSERT_EQ(sent.answers.load(), 1);
      std::set<StatusCode> allowed = AllowedCodes(sent.kind);
      allowed.insert({StatusCode::kResourceExhausted, StatusCode::kUnavailable});
      EXPECT_THAT(allowed, ::testing::Contains(sent.answer.status().code()))
          << sent.answer.status();
      if (!sent.answer.ok()) continue;
      EXPECT_THAT(sent.answer->logits,
                  ::testing::ElementsAreArray(ExpectedLogits(sent, models_[i % 2]->config)));
      EXPECT_EQ(sent.answer->usage.seen, static_cast<int64_t>(sent.ids.size()));
    }
  }

  int CountOf(StatusCode code) const {
    int count = 0;
    for (const Sent& sent : sent_) count += sent.answer.status().code() == code ? 1 : 0;
    return count;
  }

  // What the observers were told of refused and dropped documents is what the callers were told.
  void CheckObservers() {
    int told = 0;
    for (const auto& observer : observers_) {
      const auto record = observer->record();
      EXPECT_EQ(record.queue_documents, 0);
      EXPECT_EQ(record.queue_tokens, 0);
      for (const auto& [reason, count] : record.rejected) told += count;
      for (const auto& [reason, count] : record.dropped) told += count;
    }
    EXPECT_LE(told, static_cast<int>(sent_.size()));
    EXPECT_GE(told, CountOf(StatusCode::kInvalidArgument) +
                        CountOf(StatusCode::kResourceExhausted) +
                        CountOf(StatusCode::kDeadlineExceeded) + CountOf(StatusCode::kCancelled));
  }

  ServingEvents events_;
  std::vector<std::shared_ptr<testing::FakeClassifier>> classifiers_;
  std::vector<std::shared_ptr<testing::RecordingObserver>> observers_;
  std::deque<Sent> sent_;
  std::vector<std::shared_ptr<const ServedModel>> models_;
  std::unique_ptr<Serving> serving_;
};

TEST_F(TrafficTest, EveryDocumentIsAnsweredOnceAndRightly) {
  for (std::thread& thread : StartTraffic()) thread.join();
  serving_->Drain(absl::InfiniteFuture());
  CheckAnswers();
  CheckObservers();
  EXPECT_EQ(CountOf(StatusCode::kUnavailable), 0);
  EXPECT_GT(CountOf(StatusCode::kOk), 0);
  for (const auto code : {StatusCode::kInternal, StatusCode::kInvalidArgument,
                          StatusCode::kDeadlineExceeded, StatusCode::kCancelled}) {
    EXPECT_GT(CountOf(code), 0);
  }
}

TEST_F(TrafficTest, StoppingInTheMiddleStillAnswersEveryDocumentOnce) {
  std::vector<std::thread> threads = StartTraffic();
  serving_->Drain(absl::InfinitePast());
  for (std::thread& thread : threads) thread.join();
  CheckAnswers();
}

}  // namespace
}  // namespace diffuser::models
