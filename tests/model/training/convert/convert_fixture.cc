#include "tests/model/training/convert/convert_fixture.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

namespace diffuser::training {
namespace {

using testing::FileTensor;

// The encoder that the checkpoint has; only its tensors count.
model::ModelConfig Shape() {
  model::ModelConfig config;
  config.vocab_size = 500;
  config.hidden_size = 8;
  config.num_layers = 2;
  config.num_heads = 2;
  config.intermediate_size = 12;
  config.max_position_embeddings = 20;
  config.type_vocab_size = 2;
  config.labels = {"a", "b", "c"};
  return config;
}

nlohmann::json RobertaJson() {
  return {{"model_type", "roberta"},  {"architectures", {"RobertaForSequenceClassification"}},
          {"vocab_size", 500},        {"hidden_size", 8},
          {"num_hidden_layers", 2},   {"num_attention_heads", 2},
          {"intermediate_size", 12},  {"max_position_embeddings", 20},
          {"type_vocab_size", 2},     {"layer_norm_eps", 1e-6},
          {"hidden_act", "gelu"},     {"hidden_dropout_prob", 0.25},
          {"torch_dtype", "float16"}, {"id2label", {{"0", "a"}, {"1", "b"}, {"2", "c"}}}};
}

}  // namespace

ConvertFixture::ConvertFixture() : config_(RobertaJson()) {
  for (FileTensor& tensor : testing::RandomTensors(Shape(), /*seed=*/7)) {
    const absl::string_view plain = absl::StripPrefix(tensor.name, "diffuser.");
    if (plain != tensor.name) tensor.name = absl::StrCat("roberta.", plain);
    tensors_.push_back(tensor);
  }
  options_.from = folder_.path("roberta");
  options_.output = folder_.path("diffuser");
  options_.attention_window = 4;
  options_.num_rand = 1;
  options_.num_glob = 2;
  options_.max_position_embeddings = 50;
}

void ConvertFixture::Write() const {
  std::filesystem::create_directories(options_.from);
  folder_.Write("roberta/config.json", config_.dump());
  folder_.Write("roberta/model.safetensors", testing::SafetensorsFile(tensors_));
}

std::unique_ptr<const checkpoint::Checkpoint> ConvertFixture::Convert() {
  Write();
  return ConvertWritten();
}

std::unique_ptr<const checkpoint::Checkpoint> ConvertFixture::ConvertWritten() {
  const auto report = ConvertRoberta(options_);
  EXPECT_TRUE(report.ok()) << report.status();
  if (report.ok()) report_ = *report;
  auto checkpoint = checkpoint::Checkpoint::Open(options_.output);
  EXPECT_TRUE(checkpoint.ok()) << checkpoint.status();
  return checkpoint.ok() ? *std::move(checkpoint) : nullptr;
}

FileTensor& ConvertFixture::Find(const std::string& name) {
  const auto found = std::find_if(tensors_.begin(), tensors_.end(), [&](const FileTensor& tensor) {
    return absl::StripPrefix(tensor.name, "roberta.") == name;
  });
  EXPECT_NE(found, tensors_.end()) << name;
  return *found;
}

}  // namespace diffuser::training
