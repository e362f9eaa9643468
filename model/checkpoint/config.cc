#include "model/checkpoint/config.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "model/checkpoint/field_reader.h"
#include "model/checkpoint/json_text.h"
#include "model/checkpoint/labels.h"
#include "model/checkpoint/mapped_file.h"

namespace diffuser::checkpoint {
namespace {

using model::HeadKind;
using model::HiddenAct;
using model::kGraphNodes;
using model::ModelConfig;
using model::ProblemType;
using nlohmann::json;

// Far above every real model; the product of any two, as bytes, fits in 64 bits.
constexpr int kMostRows = 1 << 24;
constexpr int kMostHidden = 1 << 20;
constexpr int kMostLayers = 1024;
constexpr int kMostHops = 1024;

void ReadShape(FieldReader& fields, ModelConfig& config) {
  config.vocab_size = fields.Int("vocab_size", {1, kMostRows});
  config.hidden_size = fields.Int("hidden_size", {1, kMostHidden});
  config.num_layers = fields.Int("num_hidden_layers", {1, kMostLayers});
  config.num_heads = fields.Int("num_attention_heads", {1, kMostHidden});
  config.intermediate_size = fields.Int("intermediate_size", {1, kMostHidden});
  config.type_vocab_size = fields.Int("type_vocab_size", {1, kMostRows}, 1);
  config.layer_norm_eps = fields.Number("layer_norm_eps", 0.0f, 1.0f, 1e-5f);
  if (config.hidden_size % config.num_heads != 0) {
    fields.Fail("hidden_size", absl::StrCat(config.hidden_size),
                absl::StrCat("a multiple of num_attention_heads, ", config.num_heads));
  }
}

void ReadTokens(FieldReader& fields, ModelConfig& config) {
  const IntRange ids{0, config.vocab_size - 1};
  config.pad_token_id = fields.Int("pad_token_id", ids, 1);
  config.bos_token_id = fields.Int("bos_token_id", ids, 0);
  config.eos_token_id = fields.Int("eos_token_id", ids, 2);
  // Positions start behind pad_token_id + 1, and at least one token must have one.
  config.max_position_embeddings =
      fields.Int("max_position_embeddings", {config.pad_token_id + 2, kMostRows + 2});
}

int AsWindow(const json& value, FieldReader& fields) {
  const int window = fields.AsInt("attention_window", value, {2, kGraphNodes - 2});
  if (window % 2 != 0) fields.Fail("attention_window", absl::StrCat(window), "an even number");
  return window;
}

int ReadWindow(int num_layers, FieldReader& fields) {
  static constexpr char kKey[] = "attention_window";
  const json* value = fields.Find(kKey);
  if (value == nullptr) {
    fields.Fail(kKey, "nothing", "an even number, or a list of one a layer");
    return 2;
  }
  if (!value->is_array()) return AsWindow(*value, fields);
  if (value->size() != static_cast<size_t>(num_layers)) {
    fields.Fail(kKey, Describe(*value), absl::StrCat("one a layer, ", num_layers));
    return 2;
  }
  int widest = 2;
  for (const json& layer : *value) widest = std::max(widest, AsWindow(layer, fields));
  return widest;
}

void ReadAttention(FieldReader& fields, ModelConfig& config) {
  config.attention_window = ReadWindow(config.num_layers, fields);
  config.num_rand = fields.Int("num_rand", {0, kGraphNodes});
  config.num_glob = fields.Int("num_glob", {0, kGraphNodes - config.attention_window - 1});
  config.diffusion_hops = fields.Int("diffusion_hops", {1, kMostHops}, config.diffusion_hops);
  config.diffusion_alpha = fields.Number("diffusion_alpha", 0.0f, 1.0f, config.diffusion_alpha);
}

HiddenAct ReadHiddenAct(FieldReader& fields) {
  const std::string name = fields.String("hidden_act");
  if (name.empty() || name == "gelu") return HiddenAct::kGelu;
  if (name == "gelu_new" || name == "gelu_pytorch_tanh") return HiddenAct::kGeluTanh;
  if (name == "relu") return HiddenAct::kRelu;
  fields.Fail("hidden_act", Describe(*fields.Find("hidden_act")),
              "gelu, gelu_new, gelu_pytorch_tanh or relu");
  return HiddenAct::kGelu;
}

HeadKind ReadHead(FieldReader& fields) {
  const json* names = fields.Find("architectures");
  if (names == nullptr) return HeadKind::kClassification;
  if (!names->is_array()) fields.Fail("architectures", Describe(*names), "a list of class names");
  for (const json& name : *names) {
    if (name == "DiffuserForSequenceClassification") return HeadKind::kClassification;
    if (name == "DiffuserForMaskedLM") return HeadKind::kMaskedLm;
  }
  return HeadKind::kClassification;
}

ProblemType ReadProblemType(size_t labels, FieldReader& fields) {
  const std::string name = fields.String("problem_type");
  if (name.empty()) return labels == 1 ? ProblemType::kRegression : ProblemType::kSingleLabel;
  if (name == "single_label_classification") return ProblemType::kSingleLabel;
  if (name == "multi_label_classification") return ProblemType::kMultiLabel;
  if (name == "regression") return ProblemType::kRegression;
  fields.Fail("problem_type", Describe(*fields.Find("problem_type")),
              "single_label_classification, multi_label_classification or regression");
  return ProblemType::kSingleLabel;
}

}  // namespace

absl::StatusOr<ModelConfig> ParseConfig(std::string_view json_text, std::string_view file) {
  // Debian builds Abseil with a string_view of its own.
  const absl::string_view text(json_text.data(), json_text.size());
  const absl::string_view origin(file.data(), file.size());
  const absl::StatusOr<json> object = ParseJsonObject(text, origin);
  if (!object.ok()) return object.status();
  FieldReader fields(*object, origin);
  ModelConfig config;
  ReadShape(fields, config);
  ReadTokens(fields, config);
  ReadAttention(fields, config);
  config.hidden_act = ReadHiddenAct(fields);
  config.head = ReadHead(fields);
  if (config.head == HeadKind::kClassification) {
    config.labels = ReadLabels(fields);
    config.problem_type = ReadProblemType(config.labels.size(), fields);
    config.label_thresholds = ReadLabelThresholds(config.labels, fields);
  }
  if (!fields.status().ok()) return fields.status();
  return config;
}

absl::StatusOr<ModelConfig> ReadConfig(const std::string& path) {
  const absl::StatusOr<MappedFile> file = MappedFile::Open(path);
  if (!file.ok()) return file.status();
  const absl::string_view text = AsText(file->bytes());
  return ParseConfig(std::string_view(text.data(), text.size()), path);
}

}  // namespace diffuser::checkpoint
