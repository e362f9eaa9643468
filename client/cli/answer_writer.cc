#include "client/cli/answer_writer.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/cli/connection.h"
#include "client/cli/evidence_text.h"
#include "client/cli/json.h"
#include "client/cli/table.h"
#include "client/cli/text.h"

namespace diffuser::cli {
namespace {

Table MakeTable(const std::vector<std::string>& files) {
  constexpr size_t kWidestFile = 40;
  size_t widest = 0;
  for (const std::string& file : files) widest = std::max(widest, DisplayWidth(Printable(file)));
  return Table({{"FILE", std::min(widest, kWidestFile)},
                {"LABEL", 16},
                {"SCORE", 8, true},
                {"TOKENS", 13, true},
                {"TIME", 9, true},
                {"NOTE"}});
}

// Used of seen.
std::string Tokens(const v1::TokenUsage& usage) {
  return absl::StrCat(usage.used(), "/", usage.seen());
}

std::string Milliseconds(const v1::Timings& timings) {
  const double seconds =
      ToSeconds(timings.tokenize()) + ToSeconds(timings.queue()) + ToSeconds(timings.compute());
  return absl::StrFormat("%.1f ms", seconds * 1e3);
}

std::string Note(const v1::TokenUsage& usage) {
  if (usage.chunks() > 1) return absl::StrCat(usage.chunks(), " chunks");
  if (usage.truncated() == 0) return "";
  return absl::StrCat(usage.truncated(), " tokens cut (",
                      v1::LongDocument_Name(usage.long_document()), ")");
}

class TextWriter : public AnswerWriter {
 public:
  TextWriter(Console& console, const std::vector<std::string>& files, bool color)
      : console_(console), table_(MakeTable(files)) {
    style_.color = color;
  }

  void Answer(const std::string& file, absl::string_view text,
              const v1::ClassifyResponse& response) override {
    if (!std::exchange(has_header_, true)) console_.out << table_.Header();
    const v1::TokenUsage& usage = response.usage();
    std::vector<std::string> row = {
        file, "(none)", "", Tokens(usage), Milliseconds(response.timings()), Note(usage)};
    for (const v1::Label& label : response.labels()) {
      row[1] = label.label();
      row[2] = absl::StrFormat("%.4f", label.score());
      console_.out << table_.Row(std::exchange(row, std::vector<std::string>(row.size())));
    }
    if (response.labels().empty()) console_.out << table_.Row(row);
    WriteLogits(response);
    for (const v1::Evidence& evidence : response.evidence()) {
      console_.out << "  " << EvidenceLine(text, evidence, style_) << "\n";
    }
    console_.out.flush();
  }

  void Failure(const std::string& file, const absl::Status& status) override {
    Complain(console_, absl::StrCat(Printable(file), ": ", Describe(status)));
  }

  void Unanswered(const std::string& /*file*/, const absl::Status& /*status*/) override {}

 private:
  void WriteLogits(const v1::ClassifyResponse& response) {
    if (response.logits().empty()) return;
    console_.out << "  logits";
    for (const float logit : response.logits()) console_.out << absl::StrFormat(" %.6g", logit);
    console_.out << "\n";
  }

  Console& console_;
  const Table table_;
  EvidenceStyle style_;
  bool has_header_ = false;
};

class JsonWriter : public AnswerWriter {
 public:
  explicit JsonWriter(Console& console) : console_(console) {}

  void Answer(const std::string& file, absl::string_view /*text*/,
              const v1::ClassifyResponse& response) override {
    console_.out << ToLine(AnswerToJson(file, response)) << std::endl;
  }

  void Failure(const std::string& file, const absl::Status& status) override {
    console_.out << ToLine(FailureToJson(file, status)) << std::endl;
  }

  void Unanswered(const std::string& file, const absl::Status& status) override {
    Failure(file, status);
  }

 private:
  Console& console_;
};

}  // namespace

std::unique_ptr<AnswerWriter> MakeTextWriter(Console& console,
                                             const std::vector<std::string>& files, bool color) {
  return std::make_unique<TextWriter>(console, files, color);
}

std::unique_ptr<AnswerWriter> MakeJsonWriter(Console& console) {
  return std::make_unique<JsonWriter>(console);
}

}  // namespace diffuser::cli
