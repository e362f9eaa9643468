#include "tests/e2e/traffic.h"

#include <grpcpp/client_context.h>

#include <cmath>
#include <fstream>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "client/retry.h"
#include "client/rpc_status.h"

namespace diffuser::testing {
namespace {

constexpr int kVocabulary = 500;
constexpr int kOptionSets = 3;
constexpr int kGoodDocuments = 22;  // of each option set
constexpr int kMostTokens = 10'000;
constexpr char kModel[] = "text";

v1::Options OptionSet(int number) {
  v1::Options options;
  options.set_return_logits(true);
  if (number == 1) {
    options.set_return_evidence(true);
    options.set_max_evidence(3);
    options.set_chunk_overlap(100);
  } else if (number == 2) {
    options.set_long_document(v1::HEAD_TAIL);
    options.set_top_k(1);
  }
  return options;
}

// ASCII text of `bytes` bytes that begins anywhere in a real document.
std::string TextOf(size_t bytes, uint32_t seed) {
  std::ifstream file(DIFFUSER_DOCUMENTS "/licence-agreement.txt", std::ios::binary);
  const std::string document(std::istreambuf_iterator<char>(file), {});
  std::string text = document.substr(seed % document.size());
  while (text.size() < bytes) text += document;
  return text.substr(0, bytes);
}

// Of all magnitudes alike; the first two are the shortest and the longest.
int DrawLength(int number, std::mt19937& random) {
  if (number < 2) return number == 0 ? 1 : kMostTokens;
  const double share = std::uniform_real_distribution<double>(0, 1)(random);
  return static_cast<int>(std::exp(share * std::log(double{kMostTokens})));
}

PooledDocument Good(int number, std::mt19937& random) {
  const int length = DrawLength(number, random);
  const uint32_t seed = random();
  // Two bytes of text make about one token.
  const bool is_text = number >= 2 && number % 3 == 0;
  return {.request = is_text ? TextRequest(kModel, TextOf(2 * length, seed))
                             : IdsRequest(kModel, RandomIds(length, kVocabulary, seed))};
}

PooledDocument Bad(const v1::ClassifyRequest& request) {
  return {.request = request, .code = absl::StatusCode::kInvalidArgument};
}

std::string NameOf(absl::StatusCode code) { return absl::StatusCodeToString(code); }

bool IsGivenUp(absl::StatusCode code) {
  return code == absl::StatusCode::kCancelled || code == absl::StatusCode::kDeadlineExceeded;
}

// Starts a unary call with `start`, gives it up as told, and waits for its end. The callback must
// come exactly once: a Notification ends the program when it is notified again.
template <typename Start>
absl::Status RunCall(grpc::ClientContext& context, std::optional<absl::Duration> cancel_after,
                     const Start& start) {
  absl::Notification done;
  grpc::Status status;
  start([&](grpc::Status ended) {
    status = std::move(ended);
    done.Notify();
  });
  if (cancel_after.has_value() && !done.WaitForNotificationWithTimeout(*cancel_after)) {
    context.TryCancel();
  }
  done.WaitForNotification();
  return client::FromGrpcStatus(status);
}

void SetDeadline(grpc::ClientContext& context, std::optional<absl::Duration> deadline) {
  context.set_deadline(absl::ToChronoTime(absl::Now() + deadline.value_or(absl::Minutes(1))));
}

}  // namespace

std::string Canonical(v1::ClassifyResponse response) {
  response.clear_id();
  response.clear_timings();
  return response.SerializeAsString();
}

std::vector<std::vector<PooledDocument>> MakePool(uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<std::vector<PooledDocument>> pool(kOptionSets);
  for (int set = 0; set < kOptionSets; ++set) {
    for (int i = 0; i < kGoodDocuments; ++i) pool[set].push_back(Good(i, random));
    pool[set].push_back(Bad(IdsRequest(kModel, {})));
    pool[set].push_back(Bad(IdsRequest(kModel, {7, kVocabulary, 8})));
    pool[set].push_back(Bad(TextRequest(kModel, "")));
    pool[set].push_back(Bad(TextRequest(kModel, "Nothing but <pad>.")));
    for (PooledDocument& document : pool[set]) *document.request.mutable_options() = OptionSet(set);
  }
  return pool;
}

void Tally::Add(const Tally& other) {
  for (const auto& [key, count] : other.answered) answered[key] += count;
  for (const auto& [key, count] : other.given_up) given_up[key] += count;
  for (const auto& [key, count] : other.documents) documents[key] += count;
  wrong.insert(wrong.end(), other.wrong.begin(), other.wrong.end());
}

Caller::Haste Caller::DrawHaste() {
  const absl::Duration soon = absl::Microseconds(Draw(40'000));
  switch (Draw(8)) {
    case 0:
      return {.cancel_after = soon, .deadline = std::nullopt};
    case 1:
      return {.cancel_after = std::nullopt, .deadline = soon};
    default:
      return {};
  }
}

const PooledDocument& Caller::DrawDocument(size_t option_set) {
  return pool_[option_set][Draw(static_cast<int>(pool_[option_set].size()))];
}

void Caller::CallOnce() {
  const Haste haste = DrawHaste();
  const int kind = Draw(20);
  if (kind == 0) return CallUnknownModel();
  if (kind < 11) return CallClassify(haste);
  kind < 16 ? CallBatch(haste) : CallStream(haste);
}

void Caller::CallClassify(const Haste& haste) {
  const PooledDocument& document = DrawDocument(Draw(kOptionSets));
  grpc::ClientContext context;
  SetDeadline(context, haste.deadline);
  v1::ClassifyResponse response;
  const absl::Status status = RunCall(context, haste.cancel_after, [&](auto done) {
    wire_.stub().async()->Classify(&context, &document.request, &response, std::move(done));
  });
  Count("Classify", status, haste);
  Judge(document, status, response, haste);
}

void Caller::CallBatch(const Haste& haste) {
  const size_t option_set = Draw(kOptionSets);
  std::vector<const PooledDocument*> documents;
  std::vector<v1::ClassifyRequest> requests;
  for (int i = 1 + Draw(6); i > 0; --i) {
    documents.push_back(&DrawDocument(option_set));
    requests.push_back(documents.back()->request);
  }
  const v1::ClassifyBatchRequest batch = BatchOf(requests);
  grpc::ClientContext context;
  SetDeadline(context, haste.deadline);
  v1::ClassifyBatchResponse response;
  const absl::Status status = RunCall(context, haste.cancel_after, [&](auto done) {
    wire_.stub().async()->ClassifyBatch(&context, &batch, &response, std::move(done));
  });
  Count("ClassifyBatch", status, haste);
  if (!status.ok()) return;
  if (response.results_size() != static_cast<int>(documents.size())) {
    return tally_.wrong.push_back(absl::StrCat(response.results_size(), " results of a batch of ",
                                               documents.size(), " documents"));
  }
  for (size_t i = 0; i < documents.size(); ++i) {
    const v1::ClassifyResult& result = response.results(static_cast<int>(i));
    Judge(*documents[i], client::FromRpcStatus(result.error()), result.response(), haste);
  }
}

void Caller::CallStream(const Haste& haste) {
  grpc::ClientContext context;
  SetDeadline(context, haste.deadline);
  const auto stream = wire_.stub().ClassifyStream(&context);
  Unanswered unanswered;
  for (int i = 1 + Draw(8); i > 0; --i) {
    const PooledDocument& document = DrawDocument(Draw(kOptionSets));
    v1::ClassifyRequest request = document.request;
    request.mutable_document()->set_id(absl::StrCat("document ", i));
    unanswered.emplace(request.document().id(), &document);
    stream->Write(request);
  }
  stream->WritesDone();
  const size_t left_at_cancel = Draw(8);
  v1::ClassifyStreamResponse answer;
  while (stream->Read(&answer)) {
    TakeStreamAnswer(answer, haste, unanswered);
    if (haste.cancel_after.has_value() && unanswered.size() <= left_at_cancel) context.TryCancel();
  }
  const absl::Status status = client::FromGrpcStatus(stream->Finish());
  if (status.ok() && !unanswered.empty()) {
    tally_.wrong.push_back(absl::StrCat(unanswered.size(), " documents of a stream unanswered"));
  }
  if (status.ok()) return;
  for (const auto& [id, document] : unanswered) {
    Count("ClassifyStream", status, haste);
    Judge(*document, status, {}, haste);
  }
}

void Caller::TakeStreamAnswer(const v1::ClassifyStreamResponse& answer, const Haste& haste,
                              Unanswered& unanswered) {
  const auto found = unanswered.find(answer.id());
  if (found == unanswered.end()) {
    return tally_.wrong.push_back(absl::StrCat("an answer too many: ", answer.id()));
  }
  const absl::Status status = client::FromRpcStatus(answer.result().error());
  Count("ClassifyStream", status, haste);
  Judge(*found->second, status, answer.result().response(), haste);
  unanswered.erase(found);
}

void Caller::CallUnknownModel() {
  v1::ClassifyRequest request = DrawDocument(0).request;
  request.set_model("nobody");
  const absl::Status status = wire_.Classify(request).status();
  Count("Classify", status, {});
  if (!absl::IsNotFound(status))
    tally_.wrong.push_back(absl::StrCat("unknown model: ", NameOf(status.code())));
  ++tally_.documents[status.code()];
}

void Caller::Count(const std::string& method, const absl::Status& status, const Haste& haste) {
  if (!IsGivenUp(status.code())) {
    ++tally_.answered[{method, status.code()}];
  } else if (haste.any()) {
    ++tally_.given_up[method];
  } else {
    tally_.wrong.push_back(absl::StrCat(method, ", not given up, ended ", status.ToString()));
  }
}

void Caller::Judge(const PooledDocument& document, const absl::Status& status,
                   const v1::ClassifyResponse& response, const Haste& haste) {
  ++tally_.documents[status.code()];
  if (haste.any() && IsGivenUp(status.code())) return;
  const bool is_good = document.code == absl::StatusCode::kOk;
  if (is_good && absl::IsResourceExhausted(status)) {
    if (!client::RetryInfoDelay(status).has_value()) {
      tally_.wrong.push_back(absl::StrCat("does not say when to retry: ", status.ToString()));
    }
    return;
  }
  if (status.code() != document.code) {
    tally_.wrong.push_back(absl::StrCat(NameOf(document.code), " expected: ", status.ToString()));
  } else if (is_good && Canonical(response) != document.answer) {
    tally_.wrong.push_back("another answer than alone: " + response.ShortDebugString());
  }
}

}  // namespace diffuser::testing
