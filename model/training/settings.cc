#include "model/training/settings.h"

#include <cstdint>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace diffuser::training {
namespace {

// With the fewest digits that no other number has.
std::string Exactly(double number) { return nlohmann::json(number).dump(); }

// Two sets that differ in an id, a label or where a row ends have different ones, but for one in
// 2^64 (FNV-1a).
uint64_t Fingerprint(const TokenizedDataset& data) {
  uint64_t hash = 0xcbf29ce484222325u;
  const auto take = [&hash](absl::Span<const int32_t> numbers) {
    for (const int32_t number : numbers) {
      hash = (hash ^ static_cast<uint32_t>(number)) * 0x100000001b3u;
    }
    hash = (hash ^ 0xffffffffu) * 0x100000001b3u;  // no number: the end
  };
  for (int64_t row = 0; row < data.size(); ++row) {
    take(data.ids(row));
    take(data.labels(row));
  }
  return hash;
}

}  // namespace

std::vector<std::pair<std::string, std::string>> DescribeSettings(const TrainingJob& job) {
  const TrainingOptions& options = job.options;
  return {
      {"epochs", absl::StrCat(options.epochs)},
      {"max_steps", absl::StrCat(options.max_steps)},
      {"batch_tokens", absl::StrCat(options.batch_tokens)},
      {"accumulation", absl::StrCat(options.accumulation)},
      {"learning_rate", Exactly(options.learning_rate)},
      {"warmup", Exactly(options.warmup)},
      {"weight_decay", Exactly(options.weight_decay)},
      {"adam_beta1", Exactly(options.adam_beta1)},
      {"adam_beta2", Exactly(options.adam_beta2)},
      {"adam_epsilon", Exactly(options.adam_epsilon)},
      {"max_gradient_norm", Exactly(options.max_gradient_norm)},
      {"attention_dropout", Exactly(options.attention_dropout)},
      {"hop_dropout", Exactly(options.hop_dropout)},
      {"hidden_dropout", Exactly(options.hidden_dropout)},
      {"label_smoothing", Exactly(options.label_smoothing)},
      {"initializer_range", Exactly(options.initializer_range)},
      {"initializer", options.initializer == Initializer::kLocalHeads ? "local_heads" : "normal"},
      {"seed", absl::StrCat(options.seed)},
      {"eval_every", absl::StrCat(options.eval_every)},
      {"patience", absl::StrCat(options.patience)},
      {"eval_documents", absl::StrCat(options.eval_documents)},
      {"threads", absl::StrCat(options.threads)},
      {"init", job.init_dir}};
}

std::string SettingsText(const TrainingJob& job) {
  std::string text;
  const auto add = [&text](absl::string_view name, const auto& value) {
    absl::StrAppend(&text, name, " ", value, "\n");
  };
  for (const auto& [name, value] : DescribeSettings(job)) add(name, value);
  const model::ModelConfig& config = job.config;
  add("num_hidden_layers", config.num_layers);
  add("hidden_size", config.hidden_size);
  add("num_attention_heads", config.num_heads);
  add("intermediate_size", config.intermediate_size);
  add("vocab_size", config.vocab_size);
  add("max_position_embeddings", config.max_position_embeddings);
  add("pad_token_id", config.pad_token_id);
  add("hidden_act", static_cast<int>(config.hidden_act));
  add("layer_norm_eps", Exactly(config.layer_norm_eps));
  add("attention_window", config.attention_window);
  add("num_rand", config.num_rand);
  add("num_glob", config.num_glob);
  add("diffusion_hops", config.diffusion_hops);
  add("diffusion_alpha", Exactly(config.diffusion_alpha));
  add("problem_type", static_cast<int>(config.problem_type));
  add("labels", nlohmann::json(config.labels).dump());
  add("data", absl::StrCat(absl::Hex(Fingerprint(job.train))));
  add("eval", absl::StrCat(absl::Hex(Fingerprint(job.eval))));
  return text;
}

}  // namespace diffuser::training
