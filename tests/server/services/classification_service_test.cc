#include "server/services/classification_service.h"

#include <grpcpp/generic/generic_stub.h>

#include <cmath>
#include <functional>
#include <future>
#include <limits>
#include <thread>

#include "tests/server/services/service_fixture.h"

namespace diffuser::services {
namespace {

using grpc::StatusCode;

class ClassifyTest : public ServiceTest {
 protected:
  static v1::ClassifyRequest Text(const std::string& text) {
    v1::ClassifyRequest request;
    request.mutable_document()->set_id("d");
    request.mutable_document()->set_text(text);
    return request;
  }

  grpc::Status Classify(const v1::ClassifyRequest& request) {
    grpc::ClientContext context;
    response_.Clear();
    return stub_->Classify(&context, request, &response_);
  }

  // That the request is refused with INVALID_ARGUMENT naming the field.
  void ExpectInvalid(const v1::ClassifyRequest& request, const std::string& field) {
    const grpc::Status status = Classify(request);
    EXPECT_EQ(status.error_code(), StatusCode::INVALID_ARGUMENT) << field;
    EXPECT_EQ(status.error_message().substr(0, field.size() + 2), field + ": ");
    EXPECT_EQ(FieldOf(DetailsOf(status)), field);
  }

  v1::ClassifyResponse response_;
};

TEST_F(ClassifyTest, TranslatesTheRequest) {
  pipeline::ClassifyTask task;
  pipeline_->Handle([&](pipeline::ClassifyTask got, Done done) {
    task = std::move(got);
    std::move(done).Answer(AnAnswer());
  });
  v1::ClassifyRequest request = Text("some text");
  v1::Options& options = *request.mutable_options();
  options.set_top_k(2);
  options.set_threshold(0.1f);
  options.set_long_document(v1::HEAD_TAIL);
  options.set_return_logits(true);
  options.set_return_evidence(true);
  options.set_max_evidence(3);
  options.set_evidence_unit(v1::TOKEN);
  options.set_chunk_overlap(7);
  ASSERT_TRUE(Classify(request).ok());
  EXPECT_EQ(std::get<std::string>(task.content), "some text");
  EXPECT_EQ(task.options.top_k, 2);
  EXPECT_EQ(task.options.threshold, 0.1f);
  EXPECT_EQ(task.options.long_document, pipeline::LongDocument::kHeadTail);
  EXPECT_TRUE(task.options.return_logits);
  EXPECT_TRUE(task.options.return_evidence);
  EXPECT_EQ(task.options.max_evidence, 3);
  EXPECT_EQ(task.options.evidence_unit, pipeline::EvidenceUnit::kToken);
  EXPECT_EQ(task.options.chunk_overlap, 7);
  EXPECT_EQ(task.deadline, absl::InfiniteFuture());
}

TEST_F(ClassifyTest, TranslatesTheAnswer) {
  pipeline_->Handle([](pipeline::ClassifyTask, Done done) {
    pipeline::ClassifyAnswer answer = AnAnswer();
    answer.logits = {-1, 1};
    answer.evidence = {
        {.begin_byte = 1, .end_byte = 5, .begin_token = 2, .end_token = 3, .weight = 0.5f}};
    std::move(done).Answer(std::move(answer));
  });
  v1::ClassifyRequest request = Text("some text");
  request.mutable_options()->set_long_document(v1::HEAD);
  ASSERT_TRUE(Classify(request).ok());
  EXPECT_EQ(response_.id(), "d");
  ASSERT_EQ(response_.labels_size(), 2);
  EXPECT_EQ(response_.labels(0).label(), "yes");
  EXPECT_EQ(response_.labels(0).index(), 1U);
  EXPECT_EQ(response_.labels(0).score(), 0.75f);
  EXPECT_EQ(response_.logits_size(), 2);
  ASSERT_EQ(response_.evidence_size(), 1);
  EXPECT_EQ(response_.evidence(0).begin_byte(), 1U);
  EXPECT_EQ(response_.evidence(0).end_byte(), 5U);
  EXPECT_EQ(response_.evidence(0).begin_token(), 2U);
  EXPECT_EQ(response_.evidence(0).end_token(), 3U);
  EXPECT_EQ(response_.evidence(0).weight(), 0.5f);
  EXPECT_EQ(response_.usage().seen(), 100U);
  EXPECT_EQ(response_.usage().used(), 60U);
  EXPECT_EQ(response_.usage().truncated(), 40U);
  EXPECT_EQ(response_.usage().chunks(), 2U);
  EXPECT_EQ(response_.usage().long_document(), v1::HEAD);
  EXPECT_EQ(response_.model(), "ready");
  EXPECT_EQ(response_.version(), "2") << "the newest";
  EXPECT_EQ(response_.timings().queue().nanos(), 2'000'000);
  EXPECT_EQ(response_.timings().compute().seconds(), 1);
  EXPECT_EQ(response_.timings().compute().nanos(), 500'000'000);
}

TEST_F(ClassifyTest, FillsDefaultsOfOptionsIn) {
  pipeline::ClassifyTask task;
  pipeline_->Handle([&](pipeline::ClassifyTask got, Done done) {
    task = std::move(got);
    std::move(done).Answer(AnAnswer());
  });
  v1::ClassifyRequest request;
  request.set_model("ready");
  request.set_version("1");
  request.mutable_document()->mutable_token_ids()->add_ids(5);
  ASSERT_TRUE(Classify(request).ok());
  EXPECT_EQ(std::get<std::vector<uint32_t>>(task.content), std::vector<uint32_t>{5});
  EXPECT_EQ(task.options.max_evidence, 10);
  EXPECT_EQ(task.options.long_document, pipeline::LongDocument::kChunk);
  EXPECT_EQ(task.options.evidence_unit, pipeline::EvidenceUnit::kSentence);
  EXPECT_EQ(task.options.threshold, std::nullopt);
  EXPECT_EQ(task.options.chunk_overlap, std::nullopt);
  EXPECT_EQ(response_.version(), "1");
  EXPECT_EQ(response_.usage().long_document(), v1::CHUNK);
}

TEST_F(ClassifyTest, RefusesWrongDocumentsNamingTheField) {
  ExpectInvalid(v1::ClassifyRequest(), "document");
  ExpectInvalid(Text(""), "document.text");
  v1::ClassifyRequest ids;
  ids.mutable_document()->mutable_token_ids();
  ExpectInvalid(ids, "document.token_ids");
  v1::ClassifyRequest id = Text("x");
  id.mutable_document()->set_id(std::string(257, 'i'));
  ExpectInvalid(id, "document.id");
  EXPECT_EQ(Rejected("ready", "invalid"), 4);
  id.mutable_document()->set_id(std::string(256, 'i'));
  EXPECT_TRUE(Classify(id).ok());
}

TEST_F(ClassifyTest, RefusesTextThatIsNotUtf8NamingTheField) {
  ExpectInvalid(Text("bad \xff\xfe text"), "document.text");
  v1::ClassifyRequest model = Text("x");
  model.set_model("\xc0");
  ExpectInvalid(model, "model");
}

TEST_F(ClassifyTest, RefusesWrongOptionsNamingTheField) {
  const auto with = [](const std::function<void(v1::Options&)>& set) {
    v1::ClassifyRequest request = Text("x");
    set(*request.mutable_options());
    return request;
  };
  for (const float threshold : {std::nanf(""), std::numeric_limits<float>::infinity(),
                                -std::numeric_limits<float>::infinity()}) {
    ExpectInvalid(with([&](v1::Options& options) { options.set_threshold(threshold); }),
                  "options.threshold");
  }
  ExpectInvalid(with([](v1::Options& options) { options.set_top_k(-1); }), "options.top_k");
  ExpectInvalid(with([](v1::Options& options) { options.set_max_evidence(-1); }),
                "options.max_evidence");
  ExpectInvalid(with([](v1::Options& options) { options.set_chunk_overlap(-1); }),
                "options.chunk_overlap");
  ExpectInvalid(with([](v1::Options& options) {
                  options.set_long_document(static_cast<v1::LongDocument>(99));
                }),
                "options.long_document");
  ExpectInvalid(with([](v1::Options& options) {
                  options.set_evidence_unit(static_cast<v1::EvidenceUnit>(99));
                }),
                "options.evidence_unit");
}

TEST_F(ClassifyTest, RefusesAMessageThatIsNone) {
  grpc::ClientContext context;
  const grpc::Slice garbage(std::string("\x0a\xff\xff"));
  const grpc::ByteBuffer request(&garbage, 1);
  grpc::ByteBuffer response;
  std::promise<grpc::Status> answered;
  grpc::GenericStub(channel_).UnaryCall(
      &context, "/diffuser.v1.Classification/Classify", {}, &request, &response,
      [&](grpc::Status result) { answered.set_value(std::move(result)); });
  const grpc::Status status = answered.get_future().get();
  EXPECT_EQ(status.error_code(), StatusCode::INVALID_ARGUMENT);
}

TEST_F(ClassifyTest, KnowsNoOtherModelsAndVersions) {
  v1::ClassifyRequest request = Text("x");
  request.set_model("other");
  EXPECT_EQ(Classify(request).error_code(), StatusCode::NOT_FOUND);
  request.set_model("ready");
  request.set_version("3");
  EXPECT_EQ(Classify(request).error_code(), StatusCode::NOT_FOUND);
  EXPECT_EQ(Completed("Classify", "", "NOT_FOUND"), 1) << "unknown names are no labels";
  EXPECT_EQ(Completed("Classify", "ready", "NOT_FOUND"), 1);
}

TEST_F(ClassifyTest, IsUnavailableUntilTheModelIsReady) {
  for (const char* model : {"loading", "failed"}) {
    v1::ClassifyRequest request = Text("x");
    request.set_model(model);
    EXPECT_EQ(Classify(request).error_code(), StatusCode::UNAVAILABLE);
  }
}

TEST_F(ClassifyTest, PassesErrorsOfThePipelineOnWithDetails) {
  pipeline_->Handle([](pipeline::ClassifyTask, Done done) {
    std::move(done).Answer(
        absl::InvalidArgumentError("document.token_ids.ids[3]: is the padding id"));
  });
  ExpectInvalid(Text("x"), "document.token_ids.ids[3]");

  pipeline_->Handle([](pipeline::ClassifyTask, Done done) {
    std::move(done).Answer(absl::ResourceExhaustedError("the queue is full"));
  });
  const grpc::Status full = Classify(Text("x"));
  EXPECT_EQ(full.error_code(), StatusCode::RESOURCE_EXHAUSTED);
  google::rpc::RetryInfo retry;
  ASSERT_EQ(DetailsOf(full).details_size(), 1);
  ASSERT_TRUE(DetailsOf(full).details(0).UnpackTo(&retry));
  const auto delay =
      absl::Seconds(retry.retry_delay().seconds()) + absl::Nanoseconds(retry.retry_delay().nanos());
  EXPECT_GE(delay, absl::Milliseconds(100));
  EXPECT_LE(delay, absl::Seconds(1));
}

TEST_F(ClassifyTest, DescribesModels) {
  grpc::ClientContext context;
  v1::ListModelsResponse list;
  ASSERT_TRUE(stub_->ListModels(&context, v1::ListModelsRequest(), &list).ok());
  ASSERT_EQ(list.models_size(), 4);
  EXPECT_EQ(list.models(1).version(), "2");
  EXPECT_EQ(list.models(1).state(), v1::READY);
  EXPECT_EQ(list.models(1).problem_type(), v1::MULTI_LABEL);
  EXPECT_EQ(list.models(1).labels(1), "yes");
  EXPECT_EQ(list.models(1).max_tokens(), 512U);
  EXPECT_EQ(list.models(1).vocab_size(), 1000U);
  EXPECT_TRUE(list.models(1).has_tokenizer());
  EXPECT_EQ(list.models(1).load_time().seconds(), 2);
  EXPECT_EQ(list.models(2).state(), v1::LOADING);
  EXPECT_EQ(list.models(3).state(), v1::FAILED);
  EXPECT_EQ(list.models(3).message(), "config.json: broken");

  grpc::ClientContext get_context;
  v1::GetModelRequest get;
  v1::Model model;
  get.set_model("loading");
  ASSERT_TRUE(stub_->GetModel(&get_context, get, &model).ok());
  EXPECT_EQ(model.model(), "loading");
  grpc::ClientContext missing_context;
  get.set_model("other");
  EXPECT_EQ(stub_->GetModel(&missing_context, get, &model).error_code(), StatusCode::NOT_FOUND);
}

}  // namespace
}  // namespace diffuser::services
