#include "model/checkpoint/config_writer.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "model/checkpoint/json_text.h"
#include "model/checkpoint/messages.h"
#include "model/checkpoint/shortest_number.h"

namespace diffuser::checkpoint {
namespace {

using model::HeadKind;
using model::HiddenAct;
using model::ModelConfig;
using model::ProblemType;
using nlohmann::ordered_json;

constexpr float kDefaultThreshold = 0.5f;

const char* HiddenActName(HiddenAct act) {
  switch (act) {
    case HiddenAct::kGelu:
      return "gelu";
    case HiddenAct::kGeluTanh:
      return "gelu_new";
    case HiddenAct::kRelu:
      return "relu";
  }
  return "";
}

const char* ProblemTypeName(ProblemType type) {
  switch (type) {
    case ProblemType::kSingleLabel:
      return "single_label_classification";
    case ProblemType::kMultiLabel:
      return "multi_label_classification";
    case ProblemType::kRegression:
      return "regression";
  }
  return "";
}

void SetShape(const ModelConfig& config, ordered_json& object) {
  object["vocab_size"] = config.vocab_size;
  object["hidden_size"] = config.hidden_size;
  object["num_hidden_layers"] = config.num_layers;
  object["num_attention_heads"] = config.num_heads;
  object["intermediate_size"] = config.intermediate_size;
  object["hidden_act"] = HiddenActName(config.hidden_act);
  object["attention_window"] = std::vector<int>(config.num_layers, config.attention_window);
  object["num_rand"] = config.num_rand;
  object["num_glob"] = config.num_glob;
  object["diffusion_hops"] = config.diffusion_hops;
  object["diffusion_alpha"] = ShortestNumber(config.diffusion_alpha);
  object["max_position_embeddings"] = config.max_position_embeddings;
  object["type_vocab_size"] = config.type_vocab_size;
  object["layer_norm_eps"] = ShortestNumber(config.layer_norm_eps);
  object["pad_token_id"] = config.pad_token_id;
  object["bos_token_id"] = config.bos_token_id;
  object["eos_token_id"] = config.eos_token_id;
}

void SetThresholds(const ModelConfig& config, ordered_json& object) {
  const std::vector<float>& thresholds = config.label_thresholds;
  if (std::all_of(thresholds.begin(), thresholds.end(),
                  [](float threshold) { return threshold == kDefaultThreshold; })) {
    return;
  }
  ordered_json& by_name = object["label_thresholds"];
  for (size_t i = 0; i < config.labels.size(); ++i) {
    by_name[config.labels[i]] = ShortestNumber(thresholds[i]);
  }
}

void SetHead(const ModelConfig& config, ordered_json& object) {
  for (const char* key :
       {"num_labels", "id2label", "label2id", "problem_type", "label_thresholds"}) {
    object.erase(key);
  }
  object["model_type"] = "diffuser";
  if (config.head == HeadKind::kMaskedLm) {
    object["architectures"] = {"DiffuserForMaskedLM"};
    return;
  }
  object["architectures"] = {"DiffuserForSequenceClassification"};
  object["problem_type"] = ProblemTypeName(config.problem_type);
  for (size_t i = 0; i < config.labels.size(); ++i) {
    object["id2label"][absl::StrCat(i)] = config.labels[i];
    object["label2id"][config.labels[i]] = i;
  }
  SetThresholds(config, object);
}

}  // namespace

absl::StatusOr<std::string> ConfigJson(const ModelConfig& config, absl::string_view base,
                                       absl::string_view origin) {
  const absl::StatusOr<nlohmann::json> parsed = ParseJsonObject(base, origin);
  if (!parsed.ok()) return parsed.status();
  ordered_json object = *parsed;
  SetShape(config, object);
  SetHead(config, object);
  try {
    return absl::StrCat(object.dump(1), "\n");
  } catch (const nlohmann::json::exception& error) {
    return Invalid(origin, absl::StrCat("cannot be written: ", error.what()));
  }
}

}  // namespace diffuser::checkpoint
