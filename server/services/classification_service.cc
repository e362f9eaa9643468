#include "server/services/classification_service.h"

#include <atomic>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "diffuser/v1/classification.grpc.pb.h"
#include "server/services/call_metadata.h"
#include "server/services/document_call.h"
#include "server/services/status.h"
#include "server/services/stream_call.h"
#include "server/services/translate.h"
#include "server/services/unary_call.h"

namespace diffuser::services {
namespace {

// Every classifying method takes its requests as bytes, for RequestParser.
using RawClassification = v1::Classification::WithRawCallbackMethod_Classify<
    v1::Classification::WithRawCallbackMethod_ClassifyBatch<
        v1::Classification::WithRawCallbackMethod_ClassifyStream<
            v1::Classification::WithRawCallbackMethod_GetModel<
                v1::Classification::WithRawCallbackMethod_ListModels<
                    v1::Classification::Service>>>>>;

using FieldFaults = std::vector<FieldFault>;

// Why the whole request is refused: it is none, or a field of it is at fault.
absl::Status CheckParsed(const absl::StatusOr<FieldFaults>& faults) {
  if (!faults.ok()) return faults.status();
  return faults->empty() ? absl::OkStatus() : InvalidField(faults->front());
}

// The answer of a ClassifyBatch call while its documents are under way. Each fills its own place;
// the last one answers the call.
struct BatchAnswer {
  BatchAnswer(std::shared_ptr<UnaryCall> unary_call, int documents)
      : call(std::move(unary_call)), missing(documents) {
    for (int i = 0; i < documents; ++i) response.add_results();
  }

  void Set(int index, absl::StatusOr<v1::ClassifyResponse> result) {
    v1::ClassifyResult& place = *response.mutable_results(index);
    if (result.ok()) {
      *place.mutable_response() = *std::move(result);
    } else {
      const std::string name = absl::StrCat("documents[", index, "]");
      *place.mutable_error() =
          ToRpcStatus(RenameDocument(result.status(), name), call->error_context());
    }
    if (missing.fetch_sub(1, std::memory_order_acq_rel) == 1) call->Answer(response);
  }

  const std::shared_ptr<UnaryCall> call;
  v1::ClassifyBatchResponse response;
  std::atomic<int> missing;
};

// Sorts the faults by document. Errors: INVALID_ARGUMENT (one belongs to no document).
absl::StatusOr<std::vector<absl::Status>> StatusOfDocuments(const FieldFaults& faults,
                                                            int documents) {
  std::vector<absl::Status> statuses(documents);
  for (const FieldFault& fault : faults) {
    absl::string_view rest = fault.field;
    int index = 0;
    if (!absl::ConsumePrefix(&rest, "documents[") ||
        !absl::SimpleAtoi(rest.substr(0, rest.find(']')), &index)) {
      return InvalidField(fault);
    }
    if (statuses[index].ok()) statuses[index] = InvalidField(fault);
  }
  return statuses;
}

absl::Status CheckDocumentCount(int documents, int limit) {
  if (documents == 0) return InvalidField("documents", "must not be empty");
  if (documents <= limit) return absl::OkStatus();
  return InvalidField("documents", absl::StrCat("are ", documents, ", must be at most ", limit));
}

class ClassificationService final : public RawClassification {
 public:
  explicit ClassificationService(const ServiceContext& context) : state_(context) {}

  grpc::ServerUnaryReactor* Classify(grpc::CallbackServerContext* context,
                                     const grpc::ByteBuffer* bytes,
                                     grpc::ByteBuffer* response) override {
    v1::ClassifyRequest request;
    const absl::StatusOr<FieldFaults> faults = ParseBuffer(state_.parser(), *bytes, request);
    const auto call =
        UnaryCall::Begin(state_, *context, "Classify", state_.LabelOf(request.model()), response);
    StartClassify(call, request, CheckParsed(faults));
    return call.get();
  }

  grpc::ServerUnaryReactor* ClassifyBatch(grpc::CallbackServerContext* context,
                                          const grpc::ByteBuffer* bytes,
                                          grpc::ByteBuffer* response) override {
    v1::ClassifyBatchRequest request;
    const absl::StatusOr<FieldFaults> faults = ParseBuffer(state_.parser(), *bytes, request);
    const auto call = UnaryCall::Begin(state_, *context, "ClassifyBatch",
                                       state_.LabelOf(request.model()), response);
    StartBatch(call, request, faults);
    return call.get();
  }

  grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* ClassifyStream(
      grpc::CallbackServerContext* context) override {
    return StreamCall::Begin(state_, *context).get();
  }

  grpc::ServerUnaryReactor* GetModel(grpc::CallbackServerContext* context,
                                     const grpc::ByteBuffer* bytes,
                                     grpc::ByteBuffer* response) override {
    v1::GetModelRequest request;
    const absl::Status parsed = CheckParsed(ParseBuffer(state_.parser(), *bytes, request));
    const auto call =
        UnaryCall::Begin(state_, *context, "GetModel", state_.LabelOf(request.model()), response);
    const auto entry = state_.context().registry->Find(request.model(), request.version());
    if (!parsed.ok()) {
      call->Fail(parsed);
    } else if (!entry.ok()) {
      call->Fail(entry.status());
    } else {
      call->Answer(ToModel(*entry));
    }
    return call.get();
  }

  grpc::ServerUnaryReactor* ListModels(grpc::CallbackServerContext* context,
                                       const grpc::ByteBuffer* /*bytes*/,
                                       grpc::ByteBuffer* response) override {
    const auto call = UnaryCall::Begin(state_, *context, "ListModels", "", response);
    v1::ListModelsResponse list;
    for (const models::ModelEntry& entry : state_.context().registry->List()) {
      *list.add_models() = ToModel(entry);
    }
    call->Answer(list);
    return call.get();
  }

 private:
  void Refuse(const std::shared_ptr<UnaryCall>& call, const absl::Status& status, int documents) {
    state_.CountRefused(call->model_label(), status, documents);
    call->Fail(status);
  }

  void StartClassify(const std::shared_ptr<UnaryCall>& call, v1::ClassifyRequest& request,
                     const absl::Status& parsed) {
    if (!call->IsAdmitted()) return Refuse(call, absl::UnavailableError(""), 1);
    if (!parsed.ok()) return Refuse(call, parsed, 1);
    const auto prepared = PrepareCall(state_, request.model(), request.version(), request.options(),
                                      call->deadline(), call->cancellation());
    if (!prepared.ok()) return Refuse(call, prepared.status(), 1);
    ClassifyDocument(state_, *prepared, *request.mutable_document(),
                     [call](absl::StatusOr<v1::ClassifyResponse> response) {
                       response.ok() ? call->Answer(*response) : call->Fail(response.status());
                     });
  }

  void StartBatch(const std::shared_ptr<UnaryCall>& call, v1::ClassifyBatchRequest& request,
                  const absl::StatusOr<FieldFaults>& faults) {
    const int documents = request.documents_size();
    if (!call->IsAdmitted()) return Refuse(call, absl::UnavailableError(""), documents);
    if (!faults.ok()) return Refuse(call, faults.status(), documents);
    const absl::Status count =
        CheckDocumentCount(documents, state_.context().limits.max_batch_documents_per_call);
    if (!count.ok()) return Refuse(call, count, documents);
    const auto statuses = StatusOfDocuments(*faults, documents);
    if (!statuses.ok()) return Refuse(call, statuses.status(), documents);
    const auto prepared = PrepareCall(state_, request.model(), request.version(), request.options(),
                                      call->deadline(), call->cancellation());
    if (!prepared.ok()) return Refuse(call, prepared.status(), documents);
    StartDocuments(std::make_shared<BatchAnswer>(call, documents), *prepared, *statuses, request);
  }

  void StartDocuments(const std::shared_ptr<BatchAnswer>& answer, const DocumentCall& call,
                      const std::vector<absl::Status>& statuses,
                      v1::ClassifyBatchRequest& request) {
    for (int i = 0; i < request.documents_size(); ++i) {
      if (!statuses[i].ok()) {
        state_.CountRefused(call.entry.spec.name, statuses[i], 1);
        answer->Set(i, statuses[i]);
        continue;
      }
      ClassifyDocument(state_, call, *request.mutable_documents(i),
                       [answer, i](absl::StatusOr<v1::ClassifyResponse> response) {
                         answer->Set(i, std::move(response));
                       });
    }
  }

  ServiceState state_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeClassificationService(const ServiceContext& context) {
  return std::make_unique<ClassificationService>(context);
}

}  // namespace diffuser::services
