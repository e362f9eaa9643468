#include "model/training/training_options.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "model/checkpoint/field_reader.h"
#include "model/checkpoint/json_text.h"
#include "model/cpu_limit.h"

namespace diffuser::training {
namespace {

constexpr double kNoLimit = std::numeric_limits<double>::infinity();
constexpr double kDefaultDropout = 0.1;

// The values from `least` to `most`; an open end is left out.
struct Bounds {
  double least;
  double most;
  bool least_open = false;
  bool most_open = false;
};

std::string Expected(const Bounds& bounds) {
  const std::string least = absl::StrCat(bounds.least_open ? "above " : "", bounds.least);
  if (bounds.most == kNoLimit) {
    return bounds.least_open ? least : absl::StrCat(bounds.least, " or more");
  }
  return absl::StrCat("a number from ", least, " to ", bounds.most_open ? "below " : "",
                      bounds.most);
}

// Keeps the first fault.
class Checker {
 public:
  void Check(absl::string_view flag, double value, const Bounds& bounds) {
    const bool enough = bounds.least_open ? value > bounds.least : value >= bounds.least;
    const bool within = bounds.most_open ? value < bounds.most : value <= bounds.most;
    const bool infinite = value == kNoLimit;
    if (!(enough && within) || infinite) Fail(flag, absl::StrCat(value), Expected(bounds));
  }

  void CheckDropout(absl::string_view flag, double value) {
    if (value != -1) Check(flag, value, {.least = 0, .most = 1, .most_open = true});
  }

  void Fail(absl::string_view flag, absl::string_view found, absl::string_view expected) {
    if (!status_.ok()) return;
    status_ = absl::InvalidArgumentError(
        absl::StrCat("--", flag, ": found ", found, ", expected ", expected));
  }

  const absl::Status& status() const { return status_; }

 private:
  absl::Status status_;
};

void CheckOptimizer(const TrainingOptions& options, Checker& checker) {
  const Bounds share{.least = 0, .most = 1};
  const Bounds below_one{.least = 0, .most = 1, .most_open = true};
  const Bounds above_zero{.least = 0, .most = 1, .least_open = true};
  checker.Check("learning_rate", options.learning_rate, above_zero);
  checker.Check("warmup", options.warmup, share);
  checker.Check("weight_decay", options.weight_decay, share);
  checker.Check("adam_beta1", options.adam_beta1, below_one);
  checker.Check("adam_beta2", options.adam_beta2, below_one);
  checker.Check("adam_epsilon", options.adam_epsilon, above_zero);
  checker.Check("max_gradient_norm", options.max_gradient_norm, {.least = 0, .most = kNoLimit});
  checker.CheckDropout("attention_dropout", options.attention_dropout);
  checker.CheckDropout("hop_dropout", options.hop_dropout);
  checker.CheckDropout("hidden_dropout", options.hidden_dropout);
  checker.Check("label_smoothing", options.label_smoothing, below_one);
  if (options.initializer_range != -1) {
    checker.Check("initializer_range", options.initializer_range, above_zero);
  }
}

double DropoutOf(const char* key, checkpoint::FieldReader& fields) {
  const nlohmann::json* value = fields.Find(key);
  if (value == nullptr) return kDefaultDropout;
  const double number = value->is_number() ? value->get<double>() : -1;
  if (number >= 0 && number < 1) return number;
  fields.Fail(key, checkpoint::Describe(*value), "a number from 0 to below 1");
  return kDefaultDropout;
}

double InitializerRangeOf(checkpoint::FieldReader& fields) {
  const nlohmann::json* value = fields.Find("initializer_range");
  if (value != nullptr) {
    const double number = value->is_number() ? value->get<double>() : -1;
    if (number > 0 && number <= 1) return number;
    fields.Fail("initializer_range", checkpoint::Describe(*value), "a number above 0 to 1");
  }
  const nlohmann::json* hidden = fields.Find("hidden_size");
  const double size = hidden != nullptr && hidden->is_number() ? hidden->get<double>() : 1;
  return 1 / std::sqrt(std::max(1.0, size));
}

}  // namespace

absl::Status ValidateTrainingOptions(const TrainingOptions& options) {
  const Bounds positive{.least = 1, .most = kNoLimit};
  const Bounds count{.least = 0, .most = kNoLimit};
  // A packed batch counts its tokens in 32 bits.
  const Bounds tokens{.least = 1, .most = 1 << 24};
  Checker checker;
  checker.Check("epochs", options.epochs, positive);
  checker.Check("max_steps", options.max_steps, count);
  checker.Check("batch_tokens", options.batch_tokens, tokens);
  checker.Check("accumulation", options.accumulation, positive);
  CheckOptimizer(options, checker);
  checker.Check("eval_every", options.eval_every, count);
  checker.Check("patience", options.patience, count);
  checker.Check("checkpoint_every", options.checkpoint_every, count);
  checker.Check("eval_documents", options.eval_documents, count);
  checker.Check("threads", options.threads, {.least = 0, .most = 1024});
  if (options.long_documents == LongDocuments::kChunk) {
    checker.Fail("long_documents", "chunk", "fail, head or drop: training reads no chunks");
  }
  return checker.status();
}

absl::Status ResolveTrainingOptions(absl::string_view config_json, absl::string_view origin,
                                    TrainingOptions& options) {
  const absl::StatusOr<nlohmann::json> object = checkpoint::ParseJsonObject(config_json, origin);
  if (!object.ok()) return object.status();
  checkpoint::FieldReader fields(*object, origin);
  const double attention = DropoutOf("attention_probs_dropout_prob", fields);
  const double hidden = DropoutOf("hidden_dropout_prob", fields);
  const double range = InitializerRangeOf(fields);
  if (!fields.status().ok()) return fields.status();
  if (options.attention_dropout == -1) options.attention_dropout = attention;
  if (options.hop_dropout == -1) options.hop_dropout = attention;
  if (options.hidden_dropout == -1) options.hidden_dropout = hidden;
  if (options.initializer_range == -1) options.initializer_range = range;
  if (options.threads == 0) options.threads = model::UsableCpus();
  return absl::OkStatus();
}

}  // namespace diffuser::training
