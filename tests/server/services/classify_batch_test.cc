#include <string>
#include <thread>
#include <vector>

#include "tests/server/services/service_fixture.h"

namespace diffuser::services {
namespace {

using grpc::StatusCode;

class ClassifyBatchTest : public ServiceTest {
 protected:
  static v1::ClassifyBatchRequest Texts(const std::vector<std::string>& texts) {
    v1::ClassifyBatchRequest request;
    for (const std::string& text : texts) {
      v1::Document& document = *request.add_documents();
      document.set_id("id-" + text);
      document.set_text(text);
    }
    return request;
  }
  grpc::Status Classify(const v1::ClassifyBatchRequest& request) {
    grpc::ClientContext context;
    return stub_->ClassifyBatch(&context, request, &response_);
  }
  v1::ClassifyBatchResponse response_;
};

TEST_F(ClassifyBatchTest, AnswersInOrderWhateverOrderDocumentsFinishIn) {
  pipeline_->Hold();
  grpc::Status status;
  std::thread caller([&] { status = Classify(Texts({"a", "b", "c"})); });
  auto held = pipeline_->Take(3);
  for (auto document = held.rbegin(); document != held.rend(); ++document) {
    pipeline::ClassifyAnswer answer;
    answer.usage.seen = std::get<std::string>(document->first.content)[0];
    std::move(document->second).Answer(std::move(answer));
  }
  caller.join();
  ASSERT_TRUE(status.ok());
  ASSERT_EQ(response_.results_size(), 3);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(response_.results(i).response().usage().seen(), static_cast<uint64_t>('a' + i));
    EXPECT_EQ(response_.results(i).response().id(), std::string("id-") + char('a' + i));
  }
  EXPECT_EQ(Completed("ClassifyBatch", "ready", "OK"), 1) << "one call is one request";
}

TEST_F(ClassifyBatchTest, FailsBadDocumentsAlone) {
  pipeline_->Handle([](pipeline::ClassifyTask task, Done done) {
    if (std::get<std::string>(task.content) == "full") {
      std::move(done).Answer(absl::ResourceExhaustedError("the queue is full"));
    } else if (std::get<std::string>(task.content) == "long") {
      std::move(done).Answer(absl::InvalidArgumentError("document: is too long"));
    } else {
      std::move(done).Answer(AnAnswer());
    }
  });
  ASSERT_TRUE(Classify(Texts({"good", "", "full", "long"})).ok());
  EXPECT_EQ(response_.results(0).response().labels_size(), 2);
  const google::rpc::Status& empty = response_.results(1).error();
  EXPECT_EQ(empty.code(), StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(FieldOf(empty), "documents[1].text");
  EXPECT_EQ(response_.results(2).error().code(), StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(response_.results(3).error().message(), "documents[3]: is too long");
}

TEST_F(ClassifyBatchTest, FailsDocumentsThatAreNotUtf8Alone) {
  ASSERT_TRUE(Classify(Texts({"good", "bad \x80", "good"})).ok());
  EXPECT_TRUE(response_.results(0).has_response());
  EXPECT_EQ(FieldOf(response_.results(1).error()), "documents[1].id");
  EXPECT_TRUE(response_.results(2).has_response());
}

TEST_F(ClassifyBatchTest, FailsAsAWholeOnWhatConcernsAllOfIt) {
  const auto expect_invalid = [this](const v1::ClassifyBatchRequest& request, const char* field) {
    const grpc::Status status = Classify(request);
    EXPECT_EQ(status.error_code(), StatusCode::INVALID_ARGUMENT);
    EXPECT_EQ(FieldOf(DetailsOf(status)), field);
  };
  expect_invalid(v1::ClassifyBatchRequest(), "documents");
  expect_invalid(Texts({"1", "2", "3", "4", "5"}), "documents");
  v1::ClassifyBatchRequest request = Texts({"x"});
  request.mutable_options()->set_top_k(-1);
  expect_invalid(request, "options.top_k");
  request = Texts({"x"});
  request.set_model("other");
  EXPECT_EQ(Classify(request).error_code(), StatusCode::NOT_FOUND);
}

}  // namespace
}  // namespace diffuser::services
