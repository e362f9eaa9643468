#include "client/classify_many.h"

#include <algorithm>
#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "client/rpc_status.h"
#include "client/stream_session.h"

namespace diffuser::client {
namespace {

using Kind = StreamSession::Event::Kind;

// A document that is held: it came from the source and has no answer yet.
struct Held {
  std::shared_ptr<v1::ClassifyRequest> request;  // its id is the document's index
  std::string callers_id;
  int attempts = 0;  // times that it was sent
};

absl::StatusOr<v1::ClassifyResponse> ToResponse(v1::ClassifyStreamResponse answer) {
  v1::ClassifyResult& result = *answer.mutable_result();
  if (result.has_response()) return std::move(*result.mutable_response());
  absl::Status error = FromRpcStatus(result.error());
  return error.ok() ? absl::InternalError("the server answered with neither a result nor an error")
                    : error;
}

// Over the limit of either side; a full queue comes with a RetryInfo.
bool IsTooLong(const absl::Status& status) {
  return absl::IsResourceExhausted(status) && !IsRetryable(status);
}

class ManyRun {
 public:
  ManyRun(v1::Classification::StubInterface& stub, Environment& environment,
          const ManySettings& settings, const DocumentSource& source, const AnswerSink& on_answer)
      : stub_(stub),
        environment_(environment),
        settings_(settings),
        source_(source),
        on_answer_(on_answer) {}

  absl::Status Run() {
    for (;;) {
      if (NextToSend() == nullptr) return absl::OkStatus();
      const absl::Status broken = DriveStream();
      if (broken.ok()) return broken;
      if (!PrepareNextStream(broken)) return FailAll(broken);
    }
  }

 private:
  absl::Status DriveStream() {
    StreamSession session(stub_, settings_.make_context());
    bool writing = false;
    for (;;) {
      Held* next = writing ? nullptr : NextToSend();
      if (next != nullptr) {
        environment_.SleepUntil(resume_at_);
        to_send_.pop_front();
        ++next->attempts;
        session.Write(next->request);
        writing = true;
      }
      if (held_.empty() && !writing) return Close(session);
      std::optional<StreamSession::Event> event = session.Next(TimeLeft());
      if (!event) return NoAnswer();
      if (event->kind == Kind::kWritten) writing = false;
      if (event->kind == Kind::kClosed) return BrokenBy(event->status);
      if (event->kind == Kind::kAnswer) {
        if (absl::Status status = TakeAnswer(std::move(event->answer)); !status.ok()) return status;
      }
    }
  }

  // The document to be sent next, or null if none may be sent now.
  Held* NextToSend() {
    if (isolated_ > 0 && held_.size() > to_send_.size()) return nullptr;
    if (to_send_.empty() && !source_ended_ && isolated_ == 0 &&
        static_cast<int>(held_.size()) < settings_.many.window) {
      TakeFromSource();
    }
    return to_send_.empty() ? nullptr : &held_.at(to_send_.front());
  }

  void TakeFromSource() {
    std::optional<v1::ClassifyRequest> request = source_();
    if (!request) {
      source_ended_ = true;
      return;
    }
    if (held_.empty()) waiting_since_ = environment_.Now();
    Held document;
    document.callers_id = request->document().id();
    request->mutable_document()->set_id(absl::StrCat(next_index_));
    document.request = std::make_shared<v1::ClassifyRequest>(std::move(*request));
    held_.emplace(next_index_, std::move(document));
    to_send_.push_back(next_index_++);
  }

  absl::Status TakeAnswer(v1::ClassifyStreamResponse answer) {
    int64_t index = 0;
    const auto held = absl::SimpleAtoi(answer.id(), &index) ? held_.find(index) : held_.end();
    if (held == held_.end() || std::count(to_send_.begin(), to_send_.end(), index) != 0) {
      return absl::InternalError("the server answered a document that it was not sent");
    }
    barren_streams_ = 0;
    waiting_since_ = environment_.Now();
    absl::StatusOr<v1::ClassifyResponse> response = ToResponse(std::move(answer));
    const auto delay = DelayBeforeRetry(settings_.retry, response.status(), held->second.attempts,
                                        environment_.Uniform());
    if (delay && *delay < settings_.deadline) {
      resume_at_ = std::max(resume_at_, waiting_since_ + *delay);
      to_send_.push_back(index);
    } else {
      Answer(index, std::move(response), false);
    }
    return absl::OkStatus();
  }

  void Answer(int64_t index, absl::StatusOr<v1::ClassifyResponse> response, bool call_failed) {
    if (isolated_ > 0) --isolated_;
    const auto node = held_.extract(index);
    Held& document = node.mapped();
    // gRPC may still hold the request that it has written, so the caller's id goes into a copy
    // there.
    if (document.request.use_count() > 1) {
      document.request = std::make_shared<v1::ClassifyRequest>(*document.request);
    }
    document.request->mutable_document()->set_id(document.callers_id);
    if (response.ok()) response->set_id(document.callers_id);
    on_answer_({index, document.request.get(), std::move(response), call_failed});
  }

  // Gets ready to send what is held once more, after the right wait; false: give up.
  bool PrepareNextStream(const absl::Status& broken) {
    if (IsTooLong(broken)) return Isolate(broken);
    const auto delay =
        DelayBeforeRetry(settings_.retry, broken, ++barren_streams_, environment_.Uniform());
    if (!delay || *delay >= TimeLeft()) return false;
    resume_at_ = std::max(resume_at_, environment_.Now() + *delay);
    std::deque<int64_t> tired;
    to_send_.clear();
    // The last ones first: if one of them breaks every stream, others get their answers before it.
    for (auto it = held_.rbegin(); it != held_.rend(); ++it) {
      const bool enough = it->second.attempts >= settings_.retry.max_attempts;
      (enough ? tired : to_send_).push_back(it->first);
    }
    for (int64_t index : tired) Answer(index, broken, false);
    return true;
  }

  // A message over a size limit ends the stream for all documents. So those that were on it are
  // sent again one at a time, and the one that ends its stream then is the one to fail.
  bool Isolate(const absl::Status& broken) {
    std::vector<int64_t> sent;
    for (const auto& [index, document] : held_) {
      if (std::count(to_send_.begin(), to_send_.end(), index) == 0) sent.push_back(index);
    }
    if (sent.empty()) return false;
    if (sent.size() == 1) {
      Answer(sent[0], broken, false);
    } else {
      isolated_ = held_.size();
    }
    to_send_.clear();
    for (auto& [index, document] : held_) {
      document.attempts = 0;
      to_send_.push_back(index);
    }
    waiting_since_ = environment_.Now();
    return true;
  }

  absl::Status FailAll(const absl::Status& status) {
    while (!held_.empty()) Answer(held_.begin()->first, status, true);
    return status;
  }

  // Every document has its answer, so how the call ends changes nothing.
  absl::Status Close(StreamSession& session) {
    session.WritesDone();
    const absl::Time end = environment_.Now() + settings_.deadline;
    while (const auto event = session.Next(end - environment_.Now())) {
      if (event->kind == Kind::kClosed) break;
    }
    return absl::OkStatus();
  }

  absl::Duration TimeLeft() const {
    return waiting_since_ + settings_.deadline - environment_.Now();
  }

  absl::Status NoAnswer() const {
    return absl::DeadlineExceededError(
        absl::StrCat("no answer for ", absl::FormatDuration(settings_.deadline)));
  }

  static absl::Status BrokenBy(const absl::Status& status) {
    if (!status.ok()) return status;
    return absl::UnavailableError("the server ended the stream before answering every document");
  }

  v1::Classification::StubInterface& stub_;
  Environment& environment_;
  const ManySettings& settings_;
  const DocumentSource& source_;
  const AnswerSink& on_answer_;

  std::map<int64_t, Held> held_;
  std::deque<int64_t> to_send_;  // indexes into held_
  size_t isolated_ = 0;          // held documents that are still sent one at a time
  int64_t next_index_ = 0;
  bool source_ended_ = false;
  int barren_streams_ = 0;  // streams in a row that broke without one answer
  absl::Time waiting_since_ = absl::InfinitePast();  // the last answer, or since one is due
  absl::Time resume_at_ = absl::InfinitePast();      // nothing is sent before
};

}  // namespace

absl::Status RunClassifyMany(v1::Classification::StubInterface& stub, Environment& environment,
                             const ManySettings& settings, const DocumentSource& source,
                             const AnswerSink& on_answer) {
  return ManyRun(stub, environment, settings, source, on_answer).Run();
}

}  // namespace diffuser::client
