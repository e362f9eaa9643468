#include "client/rpc_status.h"

#include <gtest/gtest.h>

#include "google/rpc/error_details.pb.h"

namespace diffuser::client {
namespace {

TEST(FromGrpcStatus, KeepsEveryCodeAndMessage) {
  EXPECT_TRUE(FromGrpcStatus(grpc::Status::OK).ok());
  for (int code = 1; code <= 16; ++code) {
    const absl::Status status =
        FromGrpcStatus(grpc::Status(static_cast<grpc::StatusCode>(code), "why"));
    EXPECT_EQ(static_cast<int>(status.code()), code);
    EXPECT_EQ(status.message(), "why");
  }
}

TEST(FromGrpcStatus, TurnsDetailsIntoPayloads) {
  google::rpc::BadRequest bad;
  bad.add_field_violations()->set_field("options.top_k");
  google::rpc::Status details;
  details.add_details()->PackFrom(bad);
  const absl::Status status = FromGrpcStatus(
      grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "why", details.SerializeAsString()));
  const auto payload = status.GetPayload("type.googleapis.com/google.rpc.BadRequest");
  ASSERT_TRUE(payload.has_value());
  google::rpc::BadRequest found;
  ASSERT_TRUE(found.ParseFromString(std::string(*payload)));
  EXPECT_EQ(found.field_violations(0).field(), "options.top_k");
}

TEST(FromGrpcStatus, IgnoresBrokenDetails) {
  EXPECT_EQ(FromGrpcStatus(grpc::Status(grpc::StatusCode::INTERNAL, "why", "\xFF\xFF\xFF")),
            absl::InternalError("why"));
}

TEST(FromRpcStatus, TakesAnUnheardOfCodeAsUnknown) {
  google::rpc::Status status;
  status.set_code(4711);
  EXPECT_EQ(FromRpcStatus(status).code(), absl::StatusCode::kUnknown);
  status.set_code(-1);
  EXPECT_EQ(FromRpcStatus(status).code(), absl::StatusCode::kUnknown);
}

TEST(WithNote, AddsToTheMessageAndKeepsTheRest) {
  absl::Status status = absl::InternalError("why");
  status.SetPayload("type", absl::Cord("payload"));
  const absl::Status noted = WithNote(status, "request 1");
  EXPECT_EQ(noted.code(), absl::StatusCode::kInternal);
  EXPECT_EQ(noted.message(), "why (request 1)");
  EXPECT_EQ(noted.GetPayload("type"), absl::Cord("payload"));
  EXPECT_TRUE(WithNote(absl::OkStatus(), "request 1").ok());
}

}  // namespace
}  // namespace diffuser::client
