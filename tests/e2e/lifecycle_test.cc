// A server's life as its callers and its operator see it: loading, serving, draining, killed.

#include <grpcpp/client_context.h>
#include <grpcpp/create_channel.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "grpc/health/v1/health.grpc.pb.h"
#include "gtest/gtest.h"
#include "tests/e2e/metrics_page.h"
#include "tests/e2e/server_process.h"
#include "tests/e2e/wire.h"

namespace diffuser::testing {
namespace {

using absl::StatusCode;
using grpc::health::v1::HealthCheckResponse;

constexpr char kService[] = "diffuser.v1.Classification";

constexpr int kLongDocuments = 200;

// Seconds of computing, in one call: much longer than anything that happens meanwhile.
v1::ClassifyBatchRequest LongCall() {
  const std::vector<int32_t> ids = RandomIds(4096, 500, 1);
  return BatchOf(std::vector<v1::ClassifyRequest>(kLongDocuments, IdsRequest("long", ids)));
}

// A server whose queue takes a LongCall, and on one thread.
absl::StatusOr<std::unique_ptr<ServerProcess>> ServeLongCalls(std::vector<std::string> flags = {}) {
  flags.insert(flags.end(), {GoldenModelFlag("long"), "--precision=float32", "--compute_threads=1",
                             "--max_queue_tokens=1048576"});
  return ServerProcess::StartServing(flags);
}

void AwaitInFlight(const ServerProcess& server, int requests) {
  const auto page = ScrapeUntil(server.metrics_port(), [requests](const MetricsPage& now) {
    return now.Sum("diffuser_requests_in_flight") == requests;
  });
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_EQ(page->Sum("diffuser_requests_in_flight"), requests);
}

// A call in flight may still be on its way into the queue, where a later one may overtake it.
void AwaitQueued(const ServerProcess& server) {
  const auto page = ScrapeUntil(server.metrics_port(), [](const MetricsPage& now) {
    return now.Sum("diffuser_queue_documents") > 0;
  });
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_GT(page->Sum("diffuser_queue_documents"), 0);
}

// Makes the long call on a thread of its own.
class LongCaller {
 public:
  explicit LongCaller(const ServerProcess& server)
      : wire_(server.address()), thread_([this] { answer_ = wire_.ClassifyBatch(LongCall()); }) {
    AwaitInFlight(server, 1);
  }
  ~LongCaller() {
    if (thread_.joinable()) thread_.join();
  }

  // Blocks: until the call has ended.
  const absl::StatusOr<v1::ClassifyBatchResponse>& answer() {
    if (thread_.joinable()) thread_.join();
    return answer_;
  }

 private:
  const Wire wire_;
  absl::StatusOr<v1::ClassifyBatchResponse> answer_;
  std::thread thread_;
};

// A checkpoint that stays LOADING until Release: its tokenizer.json is a pipe, which the server
// reads to its end.
class SlowCheckpoint {
 public:
  SlowCheckpoint() : directory_(absl::StrCat(::testing::TempDir(), "/slow_checkpoint_", getpid())) {
    std::filesystem::create_directories(directory_);
    for (const char* file : {"config.json", "model.safetensors"}) {
      std::filesystem::copy_file(absl::StrCat(DIFFUSER_CHECKPOINT, "/", file),
                                 absl::StrCat(directory_, "/", file));
    }
    EXPECT_EQ(mkfifo(tokenizer().c_str(), 0600), 0);
  }
  ~SlowCheckpoint() { std::filesystem::remove_all(directory_); }

  std::string flag() const { return absl::StrCat("--model=slow=", directory_); }

  // Blocks: until the server reads the pipe.
  void Release() const {
    std::ifstream real(DIFFUSER_CHECKPOINT "/tokenizer.json", std::ios::binary);
    std::ofstream(tokenizer(), std::ios::binary) << real.rdbuf();
  }

 private:
  std::string tokenizer() const { return directory_ + "/tokenizer.json"; }
  const std::string directory_;
};

TEST(Lifecycle, ServesOnlyOnceEveryModelIsReady) {
  const SlowCheckpoint slow;
  const auto server = ServerProcess::Start({GoldenModelFlag("tiny"), slow.flag()});
  ASSERT_TRUE(server.ok()) << server.status();
  ASSERT_TRUE((*server)->AwaitEvent("model_ready").ok()) << (*server)->log();
  const Wire wire((*server)->address());
  for (const char* service : {"", kService}) {
    EXPECT_EQ(*wire.Health(service), HealthCheckResponse::NOT_SERVING);
  }
  EXPECT_EQ(wire.Health("no.such.Service").status().code(), StatusCode::kNotFound);
  EXPECT_EQ(wire.Classify(TextRequest("slow", "Some words.")).status().code(),
            StatusCode::kUnavailable);
  EXPECT_EQ(wire.GetModel("slow")->state(), v1::LOADING);
  EXPECT_EQ(wire.GetModel("tiny")->state(), v1::READY);
  slow.Release();
  ASSERT_TRUE((*server)->AwaitEvent("serving").ok()) << (*server)->log();
  for (const char* service : {"", kService}) {
    EXPECT_EQ(*wire.Health(service), HealthCheckResponse::SERVING);
  }
  EXPECT_TRUE(wire.Classify(TextRequest("slow", "Some words.")).ok());
}

TEST(Lifecycle, SigtermFinishesRunningCallsAndTurnsNewOnesAway) {
  const auto server = ServeLongCalls();
  ASSERT_TRUE(server.ok()) << server.status();
  const Wire wire((*server)->address());
  ASSERT_EQ(*wire.Health(""), HealthCheckResponse::SERVING);
  LongCaller caller(**server);
  (*server)->Signal(SIGTERM);
  ASSERT_TRUE((*server)->AwaitEvent("draining").ok()) << (*server)->log();
  EXPECT_EQ(wire.Classify(IdsRequest("long", {0, 7, 2})).status().code(), StatusCode::kUnavailable);
  EXPECT_EQ(*wire.Health(""), HealthCheckResponse::NOT_SERVING);
  EXPECT_EQ(*wire.Health(kService), HealthCheckResponse::NOT_SERVING);
  ASSERT_TRUE(caller.answer().ok()) << caller.answer().status();
  for (const v1::ClassifyResult& result : caller.answer()->results()) {
    EXPECT_TRUE(result.has_response()) << result.error().message();
  }
  EXPECT_EQ((*server)->Wait().value_or(-1), 0);
  EXPECT_EQ((*server)->AwaitEvent("stopped")->value("ending", ""), "drained");
}

TEST(Lifecycle, SigtermEndsIdleStreams) {
  const auto server = ServerProcess::StartServing({GoldenModelFlag("tiny")});
  ASSERT_TRUE(server.ok()) << server.status();
  const Wire wire((*server)->address());
  grpc::ClientContext context;
  const auto stream = wire.stub().ClassifyStream(&context);
  v1::ClassifyRequest request = IdsRequest("tiny", {0, 7, 2});
  request.mutable_document()->set_id("a");
  v1::ClassifyStreamResponse answer;
  ASSERT_TRUE(stream->Write(request));
  ASSERT_TRUE(stream->Read(&answer));
  EXPECT_TRUE(answer.result().has_response());
  (*server)->Signal(SIGTERM);
  EXPECT_FALSE(stream->Read(&answer));
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ((*server)->Wait().value_or(-1), 0);
}

TEST(Lifecycle, HealthWatchesAreToldOfDrainingAndHoldNothingUp) {
  const auto server = ServerProcess::StartServing({GoldenModelFlag("tiny"), "--drain_timeout=60m"});
  ASSERT_TRUE(server.ok()) << server.status();
  const auto stub = grpc::health::v1::Health::NewStub(
      grpc::CreateChannel((*server)->address(), grpc::InsecureChannelCredentials()));
  grpc::ClientContext context;
  const auto watch = stub->Watch(&context, {});
  HealthCheckResponse response;
  ASSERT_TRUE(watch->Read(&response));
  EXPECT_EQ(response.status(), HealthCheckResponse::SERVING);
  (*server)->Signal(SIGTERM);
  ASSERT_TRUE(watch->Read(&response));
  EXPECT_EQ(response.status(), HealthCheckResponse::NOT_SERVING);
  EXPECT_EQ((*server)->Wait().value_or(-1), 0);
}

TEST(Lifecycle, DrainingEndsWithItsTimeout) {
  const auto server = ServeLongCalls({"--drain_timeout=50ms"});
  ASSERT_TRUE(server.ok()) << server.status();
  LongCaller caller(**server);
  EXPECT_EQ((*server)->Stop().value_or(-1), 0);
  EXPECT_FALSE(caller.answer().ok());
  EXPECT_EQ((*server)->AwaitEvent("stopped")->value("ending", ""), "timed out");
}

TEST(Lifecycle, ASecondSignalEndsDrainingAtOnce) {
  const auto server = ServeLongCalls();
  ASSERT_TRUE(server.ok()) << server.status();
  LongCaller caller(**server);
  (*server)->Signal(SIGINT);
  ASSERT_TRUE((*server)->AwaitEvent("draining").ok()) << (*server)->log();
  (*server)->Signal(SIGTERM);
  EXPECT_EQ((*server)->Wait().value_or(-1), 1);
  EXPECT_FALSE(caller.answer().ok());
}

TEST(Lifecycle, AKilledServerServesAgainOnTheSamePorts) {
  auto server = ServerProcess::StartServing({GoldenModelFlag("tiny")});
  ASSERT_TRUE(server.ok()) << server.status();
  const Wire wire((*server)->address());
  const auto before = wire.Classify(IdsRequest("tiny", {0, 7, 2}));
  ASSERT_TRUE(before.ok()) << before.status();
  (*server)->Signal(SIGKILL);
  EXPECT_EQ((*server)->Wait().value_or(-1), 128 + SIGKILL);
  EXPECT_EQ(wire.Classify(IdsRequest("tiny", {0, 7, 2})).status().code(), StatusCode::kUnavailable);
  auto again = ServerProcess::StartOn((*server)->grpc_port(), (*server)->metrics_port(),
                                      {GoldenModelFlag("tiny")});
  ASSERT_TRUE(again.ok()) << again.status();
  ASSERT_TRUE((*again)->AwaitEvent("serving").ok()) << (*again)->log();
  const auto after = Wire((*again)->address()).Classify(IdsRequest("tiny", {0, 7, 2}));
  ASSERT_TRUE(after.ok()) << after.status();
  EXPECT_THAT(after->logits(), ::testing::ElementsAreArray(before->logits()));
  EXPECT_TRUE(MetricsPage::Scrape((*again)->metrics_port()).ok());
}

TEST(Lifecycle, DocumentsThatNobodyWaitsForAnyMoreAreNotComputed) {
  const auto server = ServeLongCalls();
  ASSERT_TRUE(server.ok()) << server.status();
  LongCaller caller(**server);
  AwaitQueued(**server);
  const Wire wire((*server)->address());
  const v1::ClassifyRequest request = IdsRequest("long", RandomIds(4096, 500, 2));
  v1::ClassifyResponse response;
  grpc::ClientContext expired;
  expired.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(200));
  EXPECT_EQ(wire.stub().Classify(&expired, request, &response).error_code(),
            grpc::StatusCode::DEADLINE_EXCEEDED);

  grpc::ClientContext cancelled;
  grpc::Status status;
  absl::Notification done;
  wire.stub().async()->Classify(&cancelled, &request, &response, [&](grpc::Status ended) {
    status = ended;
    done.Notify();
  });
  AwaitInFlight(**server, 2);
  absl::SleepFor(absl::Milliseconds(200));  // in the queue by then, which no metric tells
  cancelled.TryCancel();
  done.WaitForNotification();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::CANCELLED);

  ASSERT_TRUE(caller.answer().ok()) << caller.answer().status();
  const auto page = ScrapeUntil((*server)->metrics_port(), [](const MetricsPage& now) {
    return now.Sum("diffuser_documents_dropped_total") == 2;
  });
  ASSERT_TRUE(page.ok()) << page.status();
  const auto dropped = page->SumBy("diffuser_documents_dropped_total", "reason");
  EXPECT_THAT(dropped, ::testing::ElementsAre(::testing::Pair("cancelled", 1),
                                              ::testing::Pair("expired", 1)));
  EXPECT_EQ(page->Sum("diffuser_batch_documents_sum"), kLongDocuments) << "those of the long call";
}

TEST(Lifecycle, TheLogNamesRequestsAndHoldsNoneOfTheirText) {
  const auto server = ServerProcess::StartServing({TextModelFlag(), "--log_level=debug"});
  ASSERT_TRUE(server.ok()) << server.status();
  const Wire wire((*server)->address());
  for (const char* text : {"A secret.", "A secret with <pad>."}) {
    grpc::ClientContext context;
    context.AddMetadata("x-request-id", "order-66");
    v1::ClassifyResponse response;
    wire.stub().Classify(&context, TextRequest("text", text), &response);
  }
  EXPECT_EQ((*server)->Stop().value_or(-1), 0);
  const std::string log = (*server)->log();
  EXPECT_THAT(log, ::testing::HasSubstr("\"code\":\"OK\""));
  EXPECT_THAT(log, ::testing::HasSubstr("\"code\":\"INVALID_ARGUMENT\""));
  EXPECT_THAT(log, ::testing::HasSubstr("order-66"));
  EXPECT_THAT(log, ::testing::Not(::testing::HasSubstr("secret")));
}

}  // namespace
}  // namespace diffuser::testing
