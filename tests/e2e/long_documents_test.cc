// Documents longer than the model reads: what is read, what is cut, and what is said about it; and
// the options that choose what an answer holds.

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/e2e/server_process.h"
#include "tests/e2e/wire.h"

namespace diffuser::testing {
namespace {

using ::testing::ElementsAreArray;
using ::testing::HasSubstr;

constexpr int kMaxTokens = 512;  // of the golden case tiny
constexpr int kVocabulary = 600;

std::string ReadDocument(const std::string& name) {
  std::ifstream file(DIFFUSER_DOCUMENTS "/" + name, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

class LongDocumentsTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    auto server = ServerProcess::StartServing({GoldenModelFlag("tiny"), TextModelFlag()});
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = std::move(*server).release();
  }
  static void TearDownTestSuite() {
    delete server_;
    server_ = nullptr;
  }
  void SetUp() override { ASSERT_NE(server_, nullptr); }

  static v1::ClassifyResponse Ask(const v1::ClassifyRequest& request) {
    const auto response = Wire(server_->address()).Classify(request);
    EXPECT_TRUE(response.ok()) << response.status();
    return response.value_or(v1::ClassifyResponse());
  }

  // `ids_` as one long document, to be treated so.
  v1::ClassifyResponse AskTreated(v1::LongDocument treatment) const {
    v1::ClassifyRequest request = IdsRequest("tiny", ids_);
    request.mutable_options()->set_long_document(treatment);
    return Ask(request);
  }

  // The logits of exactly these ids, which the model reads whole.
  static std::vector<float> LogitsOf(const std::vector<int32_t>& ids) {
    const v1::ClassifyResponse response = Ask(IdsRequest("tiny", ids));
    EXPECT_EQ(response.usage().chunks(), 1u);
    return {response.logits().begin(), response.logits().end()};
  }

  // Without special tokens at its ends, so that every id is content.
  const std::vector<int32_t> ids_ = RandomIds(2000, kVocabulary, 7);
  static ServerProcess* server_;
};
ServerProcess* LongDocumentsTest::server_ = nullptr;

void ExpectUsage(const v1::TokenUsage& usage, uint64_t seen, uint64_t used,
                 v1::LongDocument treatment) {
  EXPECT_EQ(usage.seen(), seen);
  EXPECT_EQ(usage.used(), used);
  EXPECT_EQ(usage.truncated(), seen - used);
  EXPECT_EQ(usage.long_document(), treatment);
}

TEST_F(LongDocumentsTest, FitUpToTheLastToken) {
  v1::ClassifyRequest request = IdsRequest("tiny", RandomIds(kMaxTokens, kVocabulary, 1));
  request.mutable_options()->set_long_document(v1::REJECT);
  const v1::ClassifyResponse response = Ask(request);
  ExpectUsage(response.usage(), kMaxTokens, kMaxTokens, v1::LONG_DOCUMENT_UNSPECIFIED);
  EXPECT_EQ(response.usage().chunks(), 1u);
}

TEST_F(LongDocumentsTest, AreRejectedOnRequestWithTheirLengthNamed) {
  v1::ClassifyRequest request = IdsRequest("tiny", RandomIds(kMaxTokens + 1, kVocabulary, 1));
  request.mutable_options()->set_long_document(v1::REJECT);
  const absl::Status status = Wire(server_->address()).Classify(request).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(FieldOf(status), "document");
  EXPECT_THAT(std::string(status.message()), HasSubstr("513 tokens"));
}

TEST_F(LongDocumentsTest, KeepTheirHead) {
  const v1::ClassifyResponse response = AskTreated(v1::HEAD);
  ExpectUsage(response.usage(), 2000, kMaxTokens, v1::HEAD);
  EXPECT_THAT(response.logits(), ElementsAreArray(LogitsOf({ids_.begin(), ids_.begin() + 512})));
}

TEST_F(LongDocumentsTest, KeepTheirTail) {
  const v1::ClassifyResponse response = AskTreated(v1::TAIL);
  ExpectUsage(response.usage(), 2000, kMaxTokens, v1::TAIL);
  EXPECT_THAT(response.logits(), ElementsAreArray(LogitsOf({ids_.end() - 512, ids_.end()})));
}

TEST_F(LongDocumentsTest, KeepTheirHeadAndTail) {
  const v1::ClassifyResponse response = AskTreated(v1::HEAD_TAIL);
  ExpectUsage(response.usage(), 2000, kMaxTokens, v1::HEAD_TAIL);
  std::vector<int32_t> kept(ids_.begin(), ids_.begin() + 256);
  kept.insert(kept.end(), ids_.end() - 256, ids_.end());
  EXPECT_THAT(response.logits(), ElementsAreArray(LogitsOf(kept)));
}

TEST_F(LongDocumentsTest, AreReadWholeInChunksUnlessAskedOtherwise) {
  // Five chunks of at most 512 cover 2000 tokens with an overlap of 64: 4 * 512 - 3 * 64 < 2000.
  for (const v1::LongDocument treatment : {v1::CHUNK, v1::LONG_DOCUMENT_UNSPECIFIED}) {
    const v1::ClassifyResponse response = AskTreated(treatment);
    ExpectUsage(response.usage(), 2000, 2000, v1::CHUNK);
    EXPECT_EQ(response.usage().chunks(), 5u);
  }
}

TEST_F(LongDocumentsTest, ChunksScoreTheMeanOfTheirProbabilities) {
  v1::ClassifyRequest request = IdsRequest("tiny", {ids_.begin(), ids_.begin() + 1024});
  request.mutable_options()->set_chunk_overlap(0);
  const v1::ClassifyResponse both = Ask(request);
  EXPECT_EQ(both.usage().chunks(), 2u);
  std::vector<double> mean(3, 0.0);
  for (const auto begin : {ids_.begin(), ids_.begin() + 512}) {
    const v1::ClassifyResponse half = Ask(IdsRequest("tiny", {begin, begin + 512}));
    for (const v1::Label& label : half.labels()) {
      mean[label.index()] += double{label.score()} / 2;
    }
  }
  ASSERT_EQ(both.labels_size(), 3);
  for (const v1::Label& label : both.labels())
    EXPECT_NEAR(label.score(), mean[label.index()], 1e-6);
}

TEST_F(LongDocumentsTest, GiveTheirBestLabelsOnly) {
  const v1::ClassifyResponse all = AskTreated(v1::HEAD);
  ASSERT_EQ(all.labels_size(), 3);
  for (int i = 1; i < 3; ++i) EXPECT_GE(all.labels(i - 1).score(), all.labels(i).score());
  v1::ClassifyRequest request = IdsRequest("tiny", ids_);
  request.mutable_options()->set_long_document(v1::HEAD);
  request.mutable_options()->set_top_k(2);
  const v1::ClassifyResponse best = Ask(request);
  ASSERT_EQ(best.labels_size(), 2);
  EXPECT_EQ(best.labels(0).label(), all.labels(0).label());
  EXPECT_EQ(best.labels(1).label(), all.labels(1).label());
  EXPECT_EQ(best.logits_size(), 3) << "logits are always of every label";
  request.mutable_options()->set_threshold(all.labels(0).score());
  EXPECT_EQ(Ask(request).labels_size(), 1);
  request.mutable_options()->set_threshold(1.5F);
  EXPECT_EQ(Ask(request).labels_size(), 0);
}

// Heaviest first, disjoint, within the document, and no more than all of it.
void ExpectEvidence(const v1::ClassifyResponse& response, uint64_t bytes) {
  ASSERT_FALSE(response.evidence().empty());
  double sum = 0;
  float heaviest = 1;  // that the next piece may be
  std::vector<std::pair<uint64_t, uint64_t>> tokens;
  for (const v1::Evidence& piece : response.evidence()) {
    EXPECT_GT(piece.weight(), 0);
    EXPECT_LE(piece.weight(), heaviest);
    heaviest = piece.weight();
    sum += piece.weight();
    EXPECT_LE(piece.begin_byte(), piece.end_byte());
    EXPECT_LE(piece.end_byte(), bytes);
    EXPECT_LT(piece.begin_token(), piece.end_token());
    EXPECT_LE(piece.end_token(), response.usage().seen());
    tokens.emplace_back(piece.begin_token(), piece.end_token());
  }
  EXPECT_LE(sum, 1.0001);
  std::sort(tokens.begin(), tokens.end());
  for (size_t i = 1; i < tokens.size(); ++i) EXPECT_LE(tokens[i - 1].second, tokens[i].first);
}

TEST_F(LongDocumentsTest, SayWhichSentencesDecided) {
  const std::string text = ReadDocument("incident-report.txt");
  v1::ClassifyRequest request = TextRequest("text", text);
  request.mutable_options()->set_return_evidence(true);
  request.mutable_options()->set_max_evidence(4);
  const v1::ClassifyResponse response = Ask(request);
  EXPECT_GT(response.usage().chunks(), 1u);
  EXPECT_EQ(response.evidence_size(), 4);
  ExpectEvidence(response, text.size());
  for (const v1::Evidence& piece : response.evidence()) {
    const std::string words =
        text.substr(piece.begin_byte(), piece.end_byte() - piece.begin_byte());
    EXPECT_FALSE(words.empty());
    EXPECT_FALSE(absl::StrContains(words, '\n')) << "a sentence ends with its line: " << words;
  }
}

TEST_F(LongDocumentsTest, SayWhichTokensDecided) {
  v1::ClassifyRequest request = IdsRequest("tiny", ids_);
  request.mutable_options()->set_return_evidence(true);
  request.mutable_options()->set_evidence_unit(v1::TOKEN);
  const v1::ClassifyResponse response = Ask(request);
  EXPECT_EQ(response.evidence_size(), 10) << "the default";
  ExpectEvidence(response, 0);
  for (const v1::Evidence& piece : response.evidence()) {
    EXPECT_EQ(piece.end_token(), piece.begin_token() + 1);
  }
}

}  // namespace
}  // namespace diffuser::testing
