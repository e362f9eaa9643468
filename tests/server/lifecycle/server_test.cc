#include "server/lifecycle/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/time/clock.h"
#include "tests/server/lifecycle/server_client.h"

namespace diffuser::lifecycle {
namespace {

ServerOptions Options() {
  SilenceLibraries();
  return {.listen = "127.0.0.1:0", .max_message_bytes = 1 << 20, .health_services = {"a.Service"}};
}

TEST(Server, RefusesAPortInUseNamingTheAddress) {
  const auto first = Server::Start(Options(), {});
  ASSERT_TRUE(first.ok()) << first.status();
  ASSERT_GT((*first)->port(), 0);
  ServerOptions options = Options();
  options.listen = "127.0.0.1:" + std::to_string((*first)->port());
  const auto second = Server::Start(options, {});
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(second.status().message()), testing::HasSubstr(options.listen));
  (*first)->Stop(absl::Now());
  EXPECT_TRUE(Server::Start(options, {}).ok()) << "the port is free again";
}

TEST(Server, SaysHowItIsByService) {
  const auto server = Server::Start(Options(), {});
  ASSERT_TRUE(server.ok());
  const auto channel = Connect((*server)->port());
  EXPECT_EQ(HealthOf(channel, ""), "NOT_SERVING");
  EXPECT_EQ(HealthOf(channel, "a.Service"), "NOT_SERVING");
  EXPECT_EQ(HealthOf(channel, "other.Service"), "code 5");
  (*server)->SetServing(true);
  EXPECT_EQ(HealthOf(channel, ""), "SERVING");
  EXPECT_EQ(HealthOf(channel, "a.Service"), "SERVING");
  (*server)->SetDraining();
  (*server)->SetServing(true);
  EXPECT_EQ(HealthOf(channel, ""), "NOT_SERVING");
  EXPECT_EQ(HealthOf(channel, "a.Service"), "NOT_SERVING");
}

TEST(Server, ListsItsServicesByReflection) {
  const auto server = Server::Start(Options(), {});
  ASSERT_TRUE(server.ok());
  grpc::GenericStub stub(Connect((*server)->port()));
  grpc::ClientContext context;
  grpc::CompletionQueue queue;
  const auto await = [&queue] {
    void* tag = nullptr;
    bool ok = false;
    return queue.Next(&tag, &ok) && ok;
  };
  const auto call = stub.PrepareCall(
      &context, "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", &queue);
  call->StartCall(nullptr);
  ASSERT_TRUE(await());
  call->WriteLast(ToBytes("\x3a\x01*"), {}, nullptr);  // list_services: "*"
  ASSERT_TRUE(await());
  grpc::ByteBuffer response;
  call->Read(&response, nullptr);
  ASSERT_TRUE(await());
  EXPECT_THAT(ToText(response), testing::HasSubstr("grpc.health.v1.Health"));
  context.TryCancel();
  queue.Shutdown();
  void* tag = nullptr;
  bool ok = false;
  while (queue.Next(&tag, &ok)) {
  }
}

}  // namespace
}  // namespace diffuser::lifecycle
