#include "model/training/settings.h"

#include "absl/strings/str_cat.h"

namespace diffuser::training {

std::vector<std::pair<std::string, std::string>> DescribeSettings(const TrainingJob& job) {
  const TrainingOptions& options = job.options;
  return {{"epochs", absl::StrCat(options.epochs)},
          {"max_steps", absl::StrCat(options.max_steps)},
          {"batch_tokens", absl::StrCat(options.batch_tokens)},
          {"accumulation", absl::StrCat(options.accumulation)},
          {"learning_rate", absl::StrCat(options.learning_rate)},
          {"warmup", absl::StrCat(options.warmup)},
          {"weight_decay", absl::StrCat(options.weight_decay)},
          {"adam_beta1", absl::StrCat(options.adam_beta1)},
          {"adam_beta2", absl::StrCat(options.adam_beta2)},
          {"adam_epsilon", absl::StrCat(options.adam_epsilon)},
          {"max_gradient_norm", absl::StrCat(options.max_gradient_norm)},
          {"attention_dropout", absl::StrCat(options.attention_dropout)},
          {"hop_dropout", absl::StrCat(options.hop_dropout)},
          {"hidden_dropout", absl::StrCat(options.hidden_dropout)},
          {"label_smoothing", absl::StrCat(options.label_smoothing)},
          {"seed", absl::StrCat(options.seed)},
          {"eval_every", absl::StrCat(options.eval_every)},
          {"patience", absl::StrCat(options.patience)},
          {"eval_documents", absl::StrCat(options.eval_documents)},
          {"threads", absl::StrCat(options.threads)},
          {"init", job.init_dir}};
}

std::string SettingsText(const TrainingJob& job) {
  std::string text;
  for (const auto& [name, value] : DescribeSettings(job))
    absl::StrAppend(&text, name, " ", value, "\n");
  const model::ModelConfig& config = job.config;
  absl::StrAppend(&text, "layers ", config.num_layers, "\nhidden_size ", config.hidden_size,
                  "\nheads ", config.num_heads, "\nintermediate_size ", config.intermediate_size,
                  "\nvocab_size ", config.vocab_size, "\nattention_window ",
                  config.attention_window, "\nnum_rand ", config.num_rand, "\nnum_glob ",
                  config.num_glob, "\ndiffusion_hops ", config.diffusion_hops, "\ndiffusion_alpha ",
                  config.diffusion_alpha, "\nlabels ", config.labels.size(), "\ntrain rows ",
                  job.train.size(), "\ntrain tokens ", job.train.tokens(), "\neval rows ",
                  job.eval.size(), "\neval tokens ", job.eval.tokens(), "\n");
  return text;
}

}  // namespace diffuser::training
