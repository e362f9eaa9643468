#include "client/classification_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "tests/client/fake_environment.h"
#include "tests/client/fake_server.h"

namespace diffuser::client {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

v1::ClassifyRequest Text(const std::string& text) {
  v1::ClassifyRequest request;
  request.mutable_document()->set_text(text);
  return request;
}

struct Fixture {
  std::shared_ptr<FakeEnvironment> environment = std::make_shared<FakeEnvironment>();
  FakeServer server;

  std::unique_ptr<ClassificationClient> Connect(ClientOptions options = {}) {
    options.address = server.address();
    options.environment = environment;
    return std::move(ClassificationClient::Create(std::move(options))).value();
  }
};

TEST(ClassificationClient, Classifies) {
  Fixture fixture;
  const auto answer = fixture.Connect()->Classify(Text("a text"));
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->labels(0).label(), "good");
  EXPECT_THAT(fixture.server.request_ids(), ElementsAre(SizeIs(16)));
}

TEST(ClassificationClient, ClassifiesBatches) {
  Fixture fixture;
  v1::ClassifyBatchRequest request;
  request.add_documents()->set_id("first");
  request.add_documents()->set_id("second");
  const auto answer = fixture.Connect()->ClassifyBatch(request);
  ASSERT_TRUE(answer.ok()) << answer.status();
  ASSERT_EQ(answer->results_size(), 2);
  EXPECT_EQ(answer->results(1).response().id(), "second");
}

TEST(ClassificationClient, TriesAgainWithTheSameRequestIdWhileTheServerIsUnavailable) {
  Fixture fixture;
  std::atomic<int> calls = 0;
  fixture.server.on_classify = [&](const v1::ClassifyRequest& request,
                                   v1::ClassifyResponse* response) {
    if (++calls < 3) return grpc::Status(grpc::StatusCode::UNAVAILABLE, "loading");
    *response = GoodAnswer(request);
    return grpc::Status::OK;
  };
  const auto answer = fixture.Connect()->Classify(Text("t"), {.request_id = "mine"});
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_THAT(fixture.server.request_ids(), ElementsAre("mine", "mine", "mine"));
  EXPECT_THAT(fixture.environment->sleeps(),
              ElementsAre(absl::Milliseconds(100), absl::Milliseconds(200)));
}

TEST(ClassificationClient, WaitsAsLongAsAFullQueueAsksFor) {
  Fixture fixture;
  std::atomic<int> calls = 0;
  fixture.server.on_classify = [&](const v1::ClassifyRequest& request,
                                   v1::ClassifyResponse* response) {
    if (++calls < 2) return QueueFull(absl::Milliseconds(1500));
    *response = GoodAnswer(request);
    return grpc::Status::OK;
  };
  ASSERT_TRUE(fixture.Connect({.retry = {.jitter = 0}})->Classify(Text("t")).ok());
  EXPECT_THAT(fixture.environment->sleeps(), ElementsAre(absl::Milliseconds(1500)));
}

TEST(ClassificationClient, GivesErrorsAsTheyAreWithTheRequestId) {
  Fixture fixture;
  std::atomic<int> calls = 0;
  fixture.server.on_classify = [&](const v1::ClassifyRequest&, v1::ClassifyResponse*) {
    ++calls;
    return grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "document.text: is empty");
  };
  const auto answer = fixture.Connect()->Classify(Text(""), {.request_id = "id7"});
  EXPECT_EQ(answer.status(), absl::InvalidArgumentError("document.text: is empty (request id7)"));
  EXPECT_EQ(calls, 1);
}

TEST(ClassificationClient, GivesUpAtTheDeadline) {
  FakeServer server;
  absl::Notification over;
  server.on_classify = [&](const v1::ClassifyRequest&, v1::ClassifyResponse*) {
    over.WaitForNotification();
    return grpc::Status::OK;
  };
  const auto client = ClassificationClient::Create({.address = server.address()});
  ASSERT_TRUE(client.ok());
  const auto answer = (*client)->Classify(Text("t"), {.deadline = absl::Milliseconds(30)});
  EXPECT_TRUE(absl::IsDeadlineExceeded(answer.status())) << answer.status();
  over.Notify();
}

TEST(ClassificationClient, DoesNotTryAgainAMessageThatIsTooLong) {
  Fixture fixture;
  const auto client = fixture.Connect({.max_message_bytes = 1000});
  const auto answer = client->Classify(Text(std::string(2000, 'x')));
  EXPECT_TRUE(absl::IsResourceExhausted(answer.status())) << answer.status();
  EXPECT_THAT(fixture.environment->sleeps(), IsEmpty());
}

TEST(ClassificationClient, IsUnavailableWithoutAServer) {
  const auto client =
      ClassificationClient::Create({.address = FakeServer::NewAddress(),
                                    .retry = {.max_attempts = 2},
                                    .environment = std::make_shared<FakeEnvironment>()});
  ASSERT_TRUE(client.ok());
  const auto models = (*client)->ListModels();
  EXPECT_TRUE(absl::IsUnavailable(models.status())) << models.status();
  EXPECT_THAT(std::string(models.status().message()), HasSubstr("2 attempts"));
}

TEST(ClassificationClient, WaitsForTheServerToComeUpIfAsked) {
  const std::string address = FakeServer::NewAddress();
  const auto client = ClassificationClient::Create({.address = address, .wait_for_ready = true});
  ASSERT_TRUE(client.ok());
  absl::Notification done;
  absl::StatusOr<v1::ClassifyResponse> answer;
  (*client)->ClassifyAsync(Text("t"), [&](absl::StatusOr<v1::ClassifyResponse> result) {
    answer = std::move(result);
    done.Notify();
  });
  const FakeServer server(address, {});
  done.WaitForNotification();
  EXPECT_TRUE(answer.ok()) << answer.status();
}

TEST(ClassificationClient, GivesAsyncErrorsOnceAndUnrepeated) {
  Fixture fixture;
  std::atomic<int> calls = 0;
  fixture.server.on_classify = [&](const v1::ClassifyRequest&, v1::ClassifyResponse*) {
    ++calls;
    return grpc::Status(grpc::StatusCode::UNAVAILABLE, "draining");
  };
  absl::Notification done;
  absl::Status status;
  const auto client = fixture.Connect();
  client->ClassifyAsync(Text("t"),
                        [&](const absl::StatusOr<v1::ClassifyResponse>& result) {
                          status = result.status();
                          done.Notify();
                        },
                        {.request_id = "a1"});
  done.WaitForNotification();
  EXPECT_EQ(status, absl::UnavailableError("draining (request a1)"));
  EXPECT_EQ(calls, 1);
}

TEST(ClassificationClient, DescribesModels) {
  Fixture fixture;
  fixture.server.models.resize(2);
  fixture.server.models[0].set_model("news");
  fixture.server.models[1].set_model("mail");
  const auto client = fixture.Connect();
  const auto list = client->ListModels();
  ASSERT_TRUE(list.ok());
  EXPECT_EQ(list->models_size(), 2);
  const auto model = client->GetModel("mail");
  ASSERT_TRUE(model.ok());
  EXPECT_EQ(model->model(), "mail");
  EXPECT_TRUE(absl::IsNotFound(client->GetModel("none").status()));
}

TEST(ClassificationClient, ChecksHealth) {
  Fixture fixture;
  const auto client = fixture.Connect();
  fixture.server.SetServing("diffuser.v1.Classification", false);
  EXPECT_EQ(*client->CheckHealth(), ServingStatus::kServing);
  EXPECT_EQ(*client->CheckHealth("diffuser.v1.Classification"), ServingStatus::kNotServing);
  EXPECT_TRUE(absl::IsNotFound(client->CheckHealth("no.Such").status()));
}

TEST(ClassificationClient, RefusesOptionsOutOfRange) {
  const auto code = [](ClientOptions options) {
    return ClassificationClient::Create(std::move(options)).status().code();
  };
  EXPECT_EQ(code({}), absl::StatusCode::kOk);
  EXPECT_EQ(code({.address = ""}), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code({.deadline = absl::ZeroDuration()}), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code({.retry = {.max_attempts = 0}}), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code({.retry = {.multiplier = 0.5}}), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code({.retry = {.jitter = 1.5}}), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code({.max_message_bytes = 0}), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code({.tls_roots_file = "/no/such/file"}), absl::StatusCode::kNotFound);
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(ClassificationClient, SpeaksTlsToAServerThatTheRootsVouchFor) {
  const std::string stem = absl::StrCat(::testing::TempDir(), "/client-tls-", getpid());
  const std::string command = absl::StrCat(
      "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost "
      "-addext subjectAltName=DNS:localhost -keyout ",
      stem, ".key -out ", stem, ".crt 2>/dev/null");
  if (std::system(command.c_str()) != 0) GTEST_SKIP() << "no openssl program to make a certificate";
  grpc::SslServerCredentialsOptions tls;
  tls.pem_key_cert_pairs.push_back({ReadFile(stem + ".key"), ReadFile(stem + ".crt")});
  const FakeServer server(FakeServer::Options{.credentials = grpc::SslServerCredentials(tls)});
  const auto trusting =
      ClassificationClient::Create({.address = server.address(), .tls_roots_file = stem + ".crt"});
  const auto plain =
      ClassificationClient::Create({.address = server.address(), .retry = {.max_attempts = 1}});
  ASSERT_TRUE(trusting.ok() && plain.ok());
  const auto answer = (*trusting)->Classify(Text("t"));
  EXPECT_TRUE(answer.ok()) << answer.status();
  EXPECT_TRUE(absl::IsUnavailable((*plain)->Classify(Text("t")).status()));
}

}  // namespace
}  // namespace diffuser::client
