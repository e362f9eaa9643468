#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/cli/answer_writer.h"
#include "client/cli/commands.h"
#include "client/cli/documents.h"
#include "client/cli/progress.h"

namespace diffuser::cli {
namespace {

const std::map<std::string, v1::LongDocument> kLongDocument = {{"reject", v1::REJECT},
                                                               {"head", v1::HEAD},
                                                               {"tail", v1::TAIL},
                                                               {"head_tail", v1::HEAD_TAIL},
                                                               {"chunk", v1::CHUNK}};
const std::map<std::string, v1::EvidenceUnit> kEvidenceUnit = {{"sentence", v1::SENTENCE},
                                                               {"token", v1::TOKEN}};

struct ClassifyFlags {
  ConnectionFlags connection;
  std::vector<std::string> files;
  std::string model, version;
  int top_k = 5;
  float threshold = 0;
  int chunk_overlap = 0;
  std::string long_document = "chunk";
  std::string evidence_unit = "sentence";
  int max_evidence = 3;
  bool evidence = false, logits = false, token_ids = false, json = false;
  std::string color = "auto";
  int window = 32;
  bool has_threshold = false, has_chunk_overlap = false;
};

v1::Options ToOptions(const ClassifyFlags& flags) {
  v1::Options options;
  options.set_top_k(flags.top_k);
  if (flags.has_threshold) options.set_threshold(flags.threshold);
  options.set_long_document(kLongDocument.at(flags.long_document));
  options.set_return_logits(flags.logits);
  if (flags.evidence) {
    options.set_return_evidence(true);
    options.set_max_evidence(flags.max_evidence);
    options.set_evidence_unit(kEvidenceUnit.at(flags.evidence_unit));
  }
  if (flags.has_chunk_overlap) options.set_chunk_overlap(flags.chunk_overlap);
  return options;
}

// One run of the command: reads files one by one as the client asks for them, prints what comes
// back.
class ClassifyRun {
 public:
  ClassifyRun(const ClassifyFlags& flags, Console& console)
      : flags_(flags),
        console_(console),
        options_(ToOptions(flags)),
        progress_(console, static_cast<int64_t>(flags.files.size())) {
    const bool color =
        flags.color == "always" || (flags.color == "auto" && console.out_is_terminal);
    writer_ = flags.json ? MakeJsonWriter(console) : MakeTextWriter(console, flags.files, color);
  }

  int Run(const client::ClassificationClient& client) {
    const absl::Status status =
        client.ClassifyMany([this] { return NextRequest(); },
                            [this](client::ManyAnswer answer) { TakeAnswer(std::move(answer)); },
                            {.window = flags_.window}, flags_.connection.call);
    for (; next_file_ < flags_.files.size() && !status.ok(); ++next_file_) {
      Unanswered(flags_.files[next_file_], status);
    }
    progress_.Clear();
    if (!status.ok()) {
      Complain(console_, absl::StrCat(Describe(status), "; ", unanswered_, " of ",
                                      flags_.files.size(), " documents have no answer"));
    }
    return failed_ + unanswered_ == 0 ? kOk : kFailed;
  }

 private:
  std::optional<v1::ClassifyRequest> NextRequest() {
    DocumentFormat format;
    format.token_ids = flags_.token_ids;
    format.max_bytes = static_cast<size_t>(flags_.connection.max_message_mib) << 20;
    while (next_file_ < flags_.files.size()) {
      const std::string& file = flags_.files[next_file_++];
      absl::StatusOr<v1::Document> document = ReadDocument(file, console_.in, format);
      if (!document.ok()) {
        Failed(file, document.status());
        continue;
      }
      v1::ClassifyRequest request;
      request.set_model(flags_.model);
      request.set_version(flags_.version);
      *request.mutable_document() = *std::move(document);
      *request.mutable_options() = options_;
      return request;
    }
    return std::nullopt;
  }

  void TakeAnswer(client::ManyAnswer answer) {
    const v1::Document& document = answer.request->document();
    const absl::Status& status = answer.response.status();
    if (answer.call_failed) return Unanswered(document.id(), status);
    if (!status.ok()) return Failed(document.id(), status);
    progress_.Clear();
    writer_->Answer(document.id(), document.text(), *answer.response);
    progress_.Count(false);
  }

  void Failed(const std::string& file, const absl::Status& status) {
    progress_.Clear();
    writer_->Failure(file, status);
    ++failed_;
    progress_.Count(true);
  }

  void Unanswered(const std::string& file, const absl::Status& status) {
    progress_.Clear();
    writer_->Unanswered(file, status);
    ++unanswered_;
  }

  const ClassifyFlags& flags_;
  Console& console_;
  const v1::Options options_;
  Progress progress_;
  std::unique_ptr<AnswerWriter> writer_;
  size_t next_file_ = 0;
  int64_t failed_ = 0;
  int64_t unanswered_ = 0;
};

void AddDocumentFlags(CLI::App& app, ClassifyFlags& flags) {
  app.add_option("FILES", flags.files, "Documents, one in each file; - is standard input")
      ->required();
  app.add_option("--model", flags.model, "Name of the model; the server's first without it");
  app.add_option("--version", flags.version, "Version of the model; the newest without it");
  app.add_flag("--token_ids", flags.token_ids,
               "The files hold token ids, as numbers with white space between them, not text");
  app.add_option("--long_document", flags.long_document,
                 "What to do with a document longer than the model's length: fail it, keep its "
                 "beginning, its end or both, or classify overlapping chunks")
      ->check(CLI::IsMember(kLongDocument).description(""))
      ->type_name("reject|head|tail|head_tail|chunk")
      ->capture_default_str();
  app.add_option(
         "--chunk_overlap", flags.chunk_overlap,
         "Tokens that neighbouring chunks share; an eighth of the model's length without it")
      ->check(CLI::NonNegativeNumber);
  app.add_option("--window", flags.window, "The most documents held and sent at once")
      ->check(CLI::Range(1, 100000))
      ->capture_default_str();
}

void AddAnswerFlags(CLI::App& app, ClassifyFlags& flags) {
  app.add_option("--top_k", flags.top_k, "The most labels of a document, best first; 0: all")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  app.add_option("--threshold", flags.threshold,
                 "Leave out labels scored below this; the model's own without it");
  app.add_flag("--evidence", flags.evidence, "Show the parts of the text that decided");
  app.add_option("--max_evidence", flags.max_evidence, "The most such parts, heaviest first")
      ->check(CLI::Range(1, 1000000))
      ->capture_default_str();
  app.add_option("--evidence_unit", flags.evidence_unit, "What such a part is")
      ->check(CLI::IsMember(kEvidenceUnit).description(""))
      ->type_name("sentence|token")
      ->capture_default_str();
  app.add_flag("--logits", flags.logits, "Show the logits of all labels too");
  app.add_flag("--json", flags.json, "Print one JSON object a line for each document");
  app.add_option("--color", flags.color, "Mark evidence with colours; auto: on a terminal")
      ->check(CLI::IsMember({"auto", "always", "never"}).description(""))
      ->type_name("auto|always|never")
      ->capture_default_str();
}

}  // namespace

Command AddClassify(CLI::App& parent, Console& console) {
  const auto flags = std::make_shared<ClassifyFlags>();
  CLI::App* app = parent.add_subcommand(
      "classify", "Classify documents; answers are printed in the order in which they come");
  AddDocumentFlags(*app, *flags);
  AddAnswerFlags(*app, *flags);
  flags->connection.AddTo(*app);
  const auto run = [app, flags, &console]() -> int {
    flags->has_threshold = app->count("--threshold") > 0;
    flags->has_chunk_overlap = app->count("--chunk_overlap") > 0;
    const auto client = flags->connection.Connect(console);
    if (client == nullptr) return kUsage;
    return ClassifyRun(*flags, console).Run(*client);
  };
  return {app, run};
}

}  // namespace diffuser::cli
