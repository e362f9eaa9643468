#ifndef DIFFUSER_TESTS_CLIENT_CLASSIFY_MANY_FIXTURE_H_
#define DIFFUSER_TESTS_CLIENT_CLASSIFY_MANY_FIXTURE_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/classification_client.h"
#include "client/classify_many.h"
#include "tests/client/fake_environment.h"
#include "tests/client/fake_server.h"

namespace diffuser::client {

// Texts to classify and what became of them.
class Documents {
 public:
  explicit Documents(std::vector<std::string> texts) : texts_(std::move(texts)) {}

  DocumentSource source() {
    return [this]() -> std::optional<v1::ClassifyRequest> {
      most_held = std::max(most_held, taken - static_cast<int>(outcomes.size()) + 1);
      if (taken == static_cast<int>(texts_.size())) return std::nullopt;
      v1::ClassifyRequest request;
      request.mutable_document()->set_id("the same for all");
      request.mutable_document()->set_text(texts_[taken++]);
      return request;
    };
  }

  AnswerSink sink() {
    return [this](const ManyAnswer& answer) {
      EXPECT_EQ(answer.request->document().id(), "the same for all");
      EXPECT_EQ(answer.request->document().text(), texts_[answer.index]);
      if (answer.response.ok()) {
        EXPECT_EQ(answer.response->id(), "the same for all");
      }
      EXPECT_TRUE(outcomes.emplace(answer.index, answer.response.status()).second)
          << "a second answer for " << answer.index;
      if (answer.call_failed) ++call_failed;
      order.push_back(answer.index);
    };
  }

  std::vector<absl::StatusCode> codes() const {
    std::vector<absl::StatusCode> codes;
    for (const auto& [index, status] : outcomes) codes.push_back(status.code());
    return codes;
  }

  int taken = 0;
  int most_held = 0;
  int call_failed = 0;
  std::map<int64_t, absl::Status> outcomes;
  std::vector<int64_t> order;

 private:
  const std::vector<std::string> texts_;
};

inline std::vector<std::string> Texts(int count) {
  std::vector<std::string> texts;
  for (int i = 0; i < count; ++i) texts.push_back(absl::StrCat("text ", i));
  return texts;
}

class ClassifyManyTest : public ::testing::Test {
 protected:
  absl::Status Run(Documents& documents, int window, ClientOptions options = {}) {
    options.address = server().address();
    options.environment = environment_;
    const auto client = ClassificationClient::Create(std::move(options));
    return (*client)->ClassifyMany(documents.source(), documents.sink(), {.window = window},
                                   {.request_id = "id"});
  }

  FakeServer& server() { return *server_; }

  std::shared_ptr<FakeEnvironment> environment_ = std::make_shared<FakeEnvironment>();
  std::unique_ptr<FakeServer> server_ = std::make_unique<FakeServer>();
};

inline constexpr absl::StatusCode kOk = absl::StatusCode::kOk;

}  // namespace diffuser::client

#endif  // DIFFUSER_TESTS_CLIENT_CLASSIFY_MANY_FIXTURE_H_
