#include "client/classification_client.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/rpc_status.h"
#include "diffuser/v1/classification.grpc.pb.h"
#include "grpc/health/v1/health.grpc.pb.h"

namespace diffuser::client {
namespace {

using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;

// A channel that has lost its server tries again about as often as callers do; gRPC's own backoff
// grows to two minutes, during which every attempt would fail without being made.
constexpr int kFirstReconnectMs = 100;
constexpr int kLastReconnectMs = 1000;

absl::Status CheckOptions(const ClientOptions& options) {
  const RetryOptions& retry = options.retry;
  if (options.address.empty()) return absl::InvalidArgumentError("the address is empty");
  if (options.deadline <= absl::ZeroDuration()) {
    return absl::InvalidArgumentError("the deadline must be above 0");
  }
  if (retry.max_attempts < 1) return absl::InvalidArgumentError("max_attempts must be at least 1");
  if (retry.initial_backoff < absl::ZeroDuration() || retry.max_backoff < retry.initial_backoff ||
      retry.multiplier < 1) {
    return absl::InvalidArgumentError(
        "backoff must not be negative or shrink, and its end not be below its start");
  }
  if (!(retry.jitter >= 0 && retry.jitter <= 1)) {
    return absl::InvalidArgumentError("jitter must be in [0, 1]");
  }
  if (options.max_message_bytes < 1) {
    return absl::InvalidArgumentError("max_message_bytes must be at least 1");
  }
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> MakeCredentials(
    const std::string& roots_file) {
  if (roots_file.empty()) return grpc::InsecureChannelCredentials();
  std::ifstream file(roots_file, std::ios::binary);
  grpc::SslCredentialsOptions tls;
  tls.pem_root_certs.assign(std::istreambuf_iterator<char>(file), {});
  if (!file || tls.pem_root_certs.empty()) {
    return absl::NotFoundError(absl::StrCat("cannot read TLS roots from ", roots_file));
  }
  return grpc::SslCredentials(tls);
}

std::shared_ptr<grpc::Channel> MakeChannel(const ClientOptions& options,
                                           std::shared_ptr<grpc::ChannelCredentials> credentials) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(options.max_message_bytes);
  arguments.SetMaxSendMessageSize(options.max_message_bytes);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, kFirstReconnectMs);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, kFirstReconnectMs);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kLastReconnectMs);
  return grpc::CreateCustomChannel(options.address, credentials, arguments);
}

// What a ClassifyAsync keeps until it is done.
struct AsyncCall {
  std::unique_ptr<grpc::ClientContext> context;
  v1::ClassifyRequest request;
  v1::ClassifyResponse response;
  ClassificationClient::DoneCallback done;
  std::string note;
};

}  // namespace

class ClassificationClient::Impl {
 public:
  Impl(ClientOptions options, const std::shared_ptr<grpc::Channel>& channel)
      : options_(std::move(options)),
        environment_(*options_.environment),
        classification_(v1::Classification::NewStub(channel)),
        health_(grpc::health::v1::Health::NewStub(channel)) {}

  // A call with its defaults resolved.
  struct Call {
    absl::Time deadline;
    std::string request_id;
    std::string Note() const { return absl::StrCat("request ", request_id); }
  };

  Call Begin(const CallOptions& call) const {
    std::string id = call.request_id;
    if (id.empty()) {
      // Two draws, as one double has 53 bits.
      const auto draw = [this] {
        return static_cast<uint32_t>(environment_.Uniform() * 4294967296.0);
      };
      const uint32_t high = draw();
      id = absl::StrFormat("%08x%08x", high, draw());
    }
    return {environment_.Now() + call.deadline.value_or(options_.deadline), id};
  }

  std::unique_ptr<grpc::ClientContext> MakeContext(const Call& call, bool with_deadline) const {
    auto context = std::make_unique<grpc::ClientContext>();
    context->AddMetadata("x-request-id", call.request_id);
    context->set_wait_for_ready(options_.wait_for_ready);
    const absl::Duration left = call.deadline - environment_.Now();
    if (with_deadline && left != absl::InfiniteDuration()) {
      context->set_deadline(std::chrono::system_clock::now() + absl::ToChronoMicroseconds(left));
    }
    return context;
  }

  // One unary call: `method` gets a fresh context for each attempt.
  template <typename Response, typename Method>
  absl::StatusOr<Response> Unary(const RetryOptions& retry, const CallOptions& options,
                                 const Method& method) const {
    const Call call = Begin(options);
    Response response;
    const absl::Status status = Retry(retry, environment_, call.deadline, [&] {
      const auto context = MakeContext(call, /*with_deadline=*/true);
      return FromGrpcStatus(method(context.get(), &response));
    });
    if (!status.ok()) return WithNote(status, call.Note());
    return response;
  }

  void ClassifyAsync(v1::ClassifyRequest request, DoneCallback done,
                     const CallOptions& options) const {
    const Call call = Begin(options);
    const auto state = std::make_shared<AsyncCall>();
    state->context = MakeContext(call, /*with_deadline=*/true);
    state->request = std::move(request);
    state->done = std::move(done);
    state->note = call.Note();
    classification_->async()->Classify(state->context.get(), &state->request, &state->response,
                                       [state](const grpc::Status& status) {
                                         if (status.ok())
                                           return state->done(std::move(state->response));
                                         state->done(WithNote(FromGrpcStatus(status), state->note));
                                       });
  }

  const ClientOptions& options() const { return options_; }
  Environment& environment() const { return environment_; }
  v1::Classification::Stub& classification() const { return *classification_; }
  grpc::health::v1::Health::Stub& health() const { return *health_; }

 private:
  const ClientOptions options_;
  Environment& environment_;
  const std::unique_ptr<v1::Classification::Stub> classification_;
  const std::unique_ptr<grpc::health::v1::Health::Stub> health_;
};

absl::StatusOr<std::unique_ptr<ClassificationClient>> ClassificationClient::Create(
    ClientOptions options) {
  if (absl::Status status = CheckOptions(options); !status.ok()) return status;
  auto credentials = MakeCredentials(options.tls_roots_file);
  if (!credentials.ok()) return credentials.status();
  if (options.environment == nullptr) options.environment = MakeSystemEnvironment();
  auto channel = MakeChannel(options, *std::move(credentials));
  return std::unique_ptr<ClassificationClient>(
      new ClassificationClient(std::make_unique<Impl>(std::move(options), channel)));
}

ClassificationClient::ClassificationClient(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ClassificationClient::~ClassificationClient() = default;

absl::StatusOr<v1::ClassifyResponse> ClassificationClient::Classify(
    const v1::ClassifyRequest& request, const CallOptions& call) const {
  return impl_->Unary<v1::ClassifyResponse>(
      impl_->options().retry, call,
      [&](grpc::ClientContext* context, v1::ClassifyResponse* response) {
        return impl_->classification().Classify(context, request, response);
      });
}

absl::StatusOr<v1::ClassifyBatchResponse> ClassificationClient::ClassifyBatch(
    const v1::ClassifyBatchRequest& request, const CallOptions& call) const {
  return impl_->Unary<v1::ClassifyBatchResponse>(
      impl_->options().retry, call,
      [&](grpc::ClientContext* context, v1::ClassifyBatchResponse* response) {
        return impl_->classification().ClassifyBatch(context, request, response);
      });
}

absl::Status ClassificationClient::ClassifyMany(const DocumentSource& source,
                                                const AnswerSink& on_answer,
                                                const ManyOptions& many,
                                                const CallOptions& options) const {
  if (many.window < 1) return absl::InvalidArgumentError("window must be at least 1");
  const Impl::Call call = impl_->Begin(options);
  ManySettings settings;
  settings.many = many;
  settings.retry = impl_->options().retry;
  settings.deadline = options.deadline.value_or(impl_->options().deadline);
  settings.make_context = [&] { return impl_->MakeContext(call, /*with_deadline=*/false); };
  const AnswerSink annotated = [&](ManyAnswer answer) {
    if (!answer.response.ok()) answer.response = WithNote(answer.response.status(), call.Note());
    on_answer(std::move(answer));
  };
  return WithNote(
      RunClassifyMany(impl_->classification(), impl_->environment(), settings, source, annotated),
      call.Note());
}

void ClassificationClient::ClassifyAsync(v1::ClassifyRequest request, DoneCallback done,
                                         const CallOptions& call) const {
  impl_->ClassifyAsync(std::move(request), std::move(done), call);
}

absl::StatusOr<v1::Model> ClassificationClient::GetModel(absl::string_view model,
                                                         absl::string_view version,
                                                         const CallOptions& call) const {
  v1::GetModelRequest request;
  request.set_model(std::string(model));
  request.set_version(std::string(version));
  return impl_->Unary<v1::Model>(
      impl_->options().retry, call, [&](grpc::ClientContext* context, v1::Model* response) {
        return impl_->classification().GetModel(context, request, response);
      });
}

absl::StatusOr<v1::ListModelsResponse> ClassificationClient::ListModels(
    const CallOptions& call) const {
  return impl_->Unary<v1::ListModelsResponse>(
      impl_->options().retry, call,
      [&](grpc::ClientContext* context, v1::ListModelsResponse* response) {
        return impl_->classification().ListModels(context, {}, response);
      });
}

absl::StatusOr<ServingStatus> ClassificationClient::CheckHealth(absl::string_view service,
                                                                const CallOptions& call) const {
  HealthCheckRequest request;
  request.set_service(std::string(service));
  const auto response = impl_->Unary<HealthCheckResponse>(
      {.max_attempts = 1}, call, [&](grpc::ClientContext* context, HealthCheckResponse* result) {
        return impl_->health().Check(context, request, result);
      });
  if (!response.ok()) return response.status();
  switch (response->status()) {
    case HealthCheckResponse::SERVING:
      return ServingStatus::kServing;
    case HealthCheckResponse::NOT_SERVING:
      return ServingStatus::kNotServing;
    default:
      return ServingStatus::kUnknown;
  }
}

}  // namespace diffuser::client
