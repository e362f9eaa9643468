#ifndef DIFFUSER_TESTS_SERVER_LIFECYCLE_SERVER_CLIENT_H_
#define DIFFUSER_TESTS_SERVER_LIFECYCLE_SERVER_CLIENT_H_

#include <grpcpp/channel.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>

#include <future>
#include <memory>
#include <string>
#include <utility>

namespace diffuser::lifecycle {

inline std::shared_ptr<grpc::Channel> Connect(int port) {
  return grpc::CreateChannel("127.0.0.1:" + std::to_string(port),
                             grpc::InsecureChannelCredentials());
}

inline grpc::ByteBuffer ToBytes(const std::string& text) {
  const grpc::Slice slice(text);
  return {&slice, 1};
}

inline std::string ToText(const grpc::ByteBuffer& buffer) {
  grpc::Slice slice;
  if (!buffer.DumpToSingleSlice(&slice).ok()) return "";
  return {reinterpret_cast<const char*>(slice.begin()), slice.size()};
}

// What grpc.health.v1 says of a service: "SERVING", "NOT_SERVING", or the code of its error.
inline std::string HealthOf(const std::shared_ptr<grpc::Channel>& channel,
                            const std::string& service) {
  grpc::ClientContext context;
  context.set_wait_for_ready(true);
  const std::string length(1, static_cast<char>(service.size()));
  const grpc::ByteBuffer request = ToBytes(service.empty() ? "" : "\x0a" + length + service);
  grpc::ByteBuffer response;
  std::promise<grpc::Status> answered;
  grpc::GenericStub(channel).UnaryCall(
      &context, "/grpc.health.v1.Health/Check", {}, &request, &response,
      [&](grpc::Status status) { answered.set_value(std::move(status)); });
  const grpc::Status status = answered.get_future().get();
  if (!status.ok()) return "code " + std::to_string(status.error_code());
  return ToText(response) == "\x08\x01" ? "SERVING" : "NOT_SERVING";
}

}  // namespace diffuser::lifecycle

#endif  // DIFFUSER_TESTS_SERVER_LIFECYCLE_SERVER_CLIENT_H_
