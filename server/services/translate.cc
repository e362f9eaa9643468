#include "server/services/translate.h"

#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "server/services/status.h"

namespace diffuser::services {
namespace {

constexpr size_t kMaxIdBytes = 256;
constexpr int kDefaultEvidence = 10;

google::protobuf::Duration ToProto(absl::Duration duration) {
  google::protobuf::Duration proto;
  proto.set_seconds(absl::IDivDuration(duration, absl::Seconds(1), &duration));
  proto.set_nanos(
      static_cast<int32_t>(absl::IDivDuration(duration, absl::Nanoseconds(1), &duration)));
  return proto;
}

pipeline::LongDocument ToLongDocument(v1::LongDocument value) {
  switch (value) {
    case v1::REJECT:
      return pipeline::LongDocument::kReject;
    case v1::HEAD:
      return pipeline::LongDocument::kHead;
    case v1::TAIL:
      return pipeline::LongDocument::kTail;
    case v1::HEAD_TAIL:
      return pipeline::LongDocument::kHeadTail;
    default:
      return pipeline::LongDocument::kChunk;
  }
}

v1::LongDocument ToProto(pipeline::LongDocument value) {
  switch (value) {
    case pipeline::LongDocument::kReject:
      return v1::REJECT;
    case pipeline::LongDocument::kHead:
      return v1::HEAD;
    case pipeline::LongDocument::kTail:
      return v1::TAIL;
    case pipeline::LongDocument::kHeadTail:
      return v1::HEAD_TAIL;
    case pipeline::LongDocument::kChunk:
      return v1::CHUNK;
  }
  return v1::LONG_DOCUMENT_UNSPECIFIED;
}

v1::ProblemType ToProto(model::ProblemType value) {
  switch (value) {
    case model::ProblemType::kSingleLabel:
      return v1::SINGLE_LABEL;
    case model::ProblemType::kMultiLabel:
      return v1::MULTI_LABEL;
    case model::ProblemType::kRegression:
      return v1::REGRESSION;
  }
  return v1::PROBLEM_TYPE_UNSPECIFIED;
}

absl::Status CheckNumbers(const v1::Options& options) {
  if (options.top_k() < 0) {
    return InvalidField("options.top_k",
                        absl::StrCat("is ", options.top_k(), ", must not be negative"));
  }
  if (options.has_threshold() && !std::isfinite(options.threshold())) {
    return InvalidField("options.threshold", "must be a finite number");
  }
  if (options.max_evidence() < 0) {
    return InvalidField("options.max_evidence",
                        absl::StrCat("is ", options.max_evidence(), ", must not be negative"));
  }
  if (options.has_chunk_overlap() && options.chunk_overlap() < 0) {
    return InvalidField("options.chunk_overlap",
                        absl::StrCat("is ", options.chunk_overlap(), ", must not be negative"));
  }
  return absl::OkStatus();
}

void AddLabels(const pipeline::ClassifyAnswer& answer, const model::ModelConfig& config,
               v1::ClassifyResponse& response) {
  for (const pipeline::ScoredLabel& scored : answer.labels) {
    v1::Label& label = *response.add_labels();
    label.set_label(config.labels[scored.index]);
    label.set_score(scored.score);
    label.set_index(static_cast<uint32_t>(scored.index));
  }
}

void AddEvidence(const pipeline::ClassifyAnswer& answer, v1::ClassifyResponse& response) {
  for (const pipeline::EvidenceSpan& span : answer.evidence) {
    v1::Evidence& evidence = *response.add_evidence();
    evidence.set_begin_byte(static_cast<uint64_t>(span.begin_byte));
    evidence.set_end_byte(static_cast<uint64_t>(span.end_byte));
    evidence.set_begin_token(static_cast<uint64_t>(span.begin_token));
    evidence.set_end_token(static_cast<uint64_t>(span.end_token));
    evidence.set_weight(span.weight);
  }
}

v1::TokenUsage ToProto(const pipeline::TokenUsage& usage, pipeline::LongDocument long_document) {
  v1::TokenUsage proto;
  proto.set_seen(static_cast<uint64_t>(usage.seen));
  proto.set_used(static_cast<uint64_t>(usage.used));
  proto.set_truncated(static_cast<uint64_t>(usage.seen - usage.used));
  proto.set_chunks(static_cast<uint32_t>(usage.chunks));
  if (usage.shortened) proto.set_long_document(ToProto(long_document));
  return proto;
}

void Describe(const models::ServedModel& model, v1::Model& proto) {
  proto.set_problem_type(ToProto(model.config.problem_type));
  proto.mutable_labels()->Assign(model.config.labels.begin(), model.config.labels.end());
  proto.set_max_tokens(static_cast<uint32_t>(model.config.max_tokens()));
  proto.set_vocab_size(static_cast<uint32_t>(model.config.vocab_size));
  proto.set_has_tokenizer(model.has_tokenizer);
  proto.set_device(model.replicas.devices);
  proto.set_precision(model.replicas.precisions);
  *proto.mutable_load_time() = ToProto(model.load_time);
}

}  // namespace

absl::StatusOr<pipeline::ClassifyOptions> ToOptions(const v1::Options& options) {
  if (absl::Status status = CheckNumbers(options); !status.ok()) return status;
  if (!v1::LongDocument_IsValid(options.long_document())) {
    return InvalidField("options.long_document",
                        absl::StrCat("has no value ", static_cast<int>(options.long_document())));
  }
  if (!v1::EvidenceUnit_IsValid(options.evidence_unit())) {
    return InvalidField("options.evidence_unit",
                        absl::StrCat("has no value ", static_cast<int>(options.evidence_unit())));
  }
  pipeline::ClassifyOptions result;
  result.top_k = options.top_k();
  if (options.has_threshold()) result.threshold = options.threshold();
  result.long_document = ToLongDocument(options.long_document());
  result.return_logits = options.return_logits();
  result.return_evidence = options.return_evidence();
  result.max_evidence = options.max_evidence() == 0 ? kDefaultEvidence : options.max_evidence();
  result.evidence_unit = options.evidence_unit() == v1::TOKEN ? pipeline::EvidenceUnit::kToken
                                                              : pipeline::EvidenceUnit::kSentence;
  if (options.has_chunk_overlap()) result.chunk_overlap = options.chunk_overlap();
  return result;
}

absl::Status CheckDocumentId(const v1::Document& document) {
  if (document.id().size() <= kMaxIdBytes) return absl::OkStatus();
  return InvalidField("document.id", absl::StrCat("is ", document.id().size(),
                                                  " bytes long, must be at most ", kMaxIdBytes));
}

absl::StatusOr<std::variant<std::string, std::vector<uint32_t>>> TakeContent(
    v1::Document& document) {
  using Content = std::variant<std::string, std::vector<uint32_t>>;
  switch (document.content_case()) {
    case v1::Document::kText:
      if (document.text().empty()) return InvalidField("document.text", "must not be empty");
      return Content(std::move(*document.mutable_text()));
    case v1::Document::kTokenIds: {
      const auto& ids = document.token_ids().ids();
      if (ids.empty()) return InvalidField("document.token_ids", "must not be empty");
      return Content(std::vector<uint32_t>(ids.begin(), ids.end()));
    }
    case v1::Document::CONTENT_NOT_SET:
      break;
  }
  return InvalidField("document", "must have either text or token_ids");
}

v1::ClassifyResponse ToResponse(std::string document_id, const pipeline::ClassifyAnswer& answer,
                                const pipeline::ClassifyOptions& options,
                                const models::ModelEntry& entry) {
  v1::ClassifyResponse response;
  response.set_id(std::move(document_id));
  AddLabels(answer, entry.model->config, response);
  response.mutable_logits()->Assign(answer.logits.begin(), answer.logits.end());
  AddEvidence(answer, response);
  *response.mutable_usage() = ToProto(answer.usage, options.long_document);
  response.set_model(entry.spec.name);
  response.set_version(entry.spec.version);
  *response.mutable_timings()->mutable_tokenize() = ToProto(answer.tokenize);
  *response.mutable_timings()->mutable_queue() = ToProto(answer.queue);
  *response.mutable_timings()->mutable_compute() = ToProto(answer.compute);
  return response;
}

v1::Model ToModel(const models::ModelEntry& entry) {
  v1::Model proto;
  proto.set_model(entry.spec.name);
  proto.set_version(entry.spec.version);
  switch (entry.state) {
    case models::ModelState::kLoading:
      proto.set_state(v1::LOADING);
      proto.set_message("still loading");
      break;
    case models::ModelState::kFailed:
      proto.set_state(v1::FAILED);
      proto.set_message(std::string(entry.error.message()));
      break;
    case models::ModelState::kReady:
      proto.set_state(v1::READY);
      Describe(*entry.model, proto);
      break;
  }
  return proto;
}

}  // namespace diffuser::services
