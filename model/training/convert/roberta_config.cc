#include "model/training/convert/roberta_config.h"

#include <nlohmann/json.hpp>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "model/checkpoint/config.h"
#include "model/checkpoint/config_writer.h"
#include "model/checkpoint/json_text.h"
#include "model/checkpoint/mapped_file.h"
#include "model/checkpoint/messages.h"

namespace diffuser::training {
namespace {

using checkpoint::Describe;
using checkpoint::Invalid;
using nlohmann::json;

absl::Status CheckOption(const char* name, int value, int least, int most) {
  if (value >= least && value <= most) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(name, " is ", value, ", expected ", least, " to ", most));
}

absl::Status CheckOptions(const ConvertOptions& options) {
  constexpr int kNodes = model::kGraphNodes;
  absl::Status status = CheckOption("attention_window", options.attention_window, 2, kNodes - 2);
  if (status.ok() && options.attention_window % 2 != 0) {
    status = absl::InvalidArgumentError(absl::StrCat(
        "attention_window is ", options.attention_window, ", expected an even number"));
  }
  status.Update(CheckOption("num_rand", options.num_rand, 0, kNodes));
  status.Update(
      CheckOption("num_glob", options.num_glob, 0, kNodes - options.attention_window - 1));
  return status;
}

absl::Status WrongKey(const std::string& path, const char* key, const json& found,
                      absl::string_view expected) {
  return Invalid(
      path, absl::StrCat("key \"", key, "\": found ", Describe(found), ", expected ", expected));
}

// Whether this is the encoder that Diffuser shares its tensors with.
absl::Status CheckIsRoberta(const json& object, const std::string& path) {
  const json type = object.value("model_type", json());
  if (type != "roberta") return WrongKey(path, "model_type", type, "\"roberta\"");
  const json positions = object.value("position_embedding_type", json("absolute"));
  if (positions != "absolute") {
    return WrongKey(path, "position_embedding_type", positions, "\"absolute\"");
  }
  for (const char* key : {"is_decoder", "add_cross_attention"}) {
    const json flag = object.value(key, json(false));
    if (flag != false) return WrongKey(path, key, flag, "false (an encoder)");
  }
  return absl::OkStatus();
}

// Sets what a Diffuser config has and a RoBERTa one has not, and what RoBERTa takes other values
// for where they are absent.
void AddDiffuserKeys(const ConvertOptions& options, json& object) {
  object["architectures"] = {"DiffuserForSequenceClassification"};
  object["attention_window"] = options.attention_window;
  object["num_rand"] = options.num_rand;
  object["num_glob"] = options.num_glob;
  if (!object.contains("layer_norm_eps")) object["layer_norm_eps"] = 1e-12;
  if (!object.contains("type_vocab_size")) object["type_vocab_size"] = 2;
  if (options.labels.empty()) return;
  for (const char* key : {"num_labels", "label2id", "problem_type", "label_thresholds"}) {
    object.erase(key);
  }
  object["id2label"] = json::object();
  for (size_t i = 0; i < options.labels.size(); ++i) {
    object["id2label"][absl::StrCat(i)] = options.labels[i];
  }
}

absl::StatusOr<model::ModelConfig> Parse(const json& object, const std::string& path) {
  return checkpoint::ParseConfig(object.dump(-1, ' ', false, json::error_handler_t::replace), path);
}

}  // namespace

absl::StatusOr<RobertaConfig> ReadRobertaConfig(const ConvertOptions& options) {
  absl::Status status = CheckOptions(options);
  if (!status.ok()) return status;
  const std::string path = absl::StrCat(options.from, "/config.json");
  const absl::StatusOr<checkpoint::MappedFile> file = checkpoint::MappedFile::Open(path);
  if (!file.ok()) return file.status();
  absl::StatusOr<json> object =
      checkpoint::ParseJsonObject(checkpoint::AsText(file->bytes()), path);
  if (!object.ok()) return object.status();
  status = CheckIsRoberta(*object, path);
  if (!status.ok()) return status;
  // The types that transformers would load the weights in, which are float32 from here on.
  object->erase("dtype");
  object->erase("torch_dtype");
  const std::string base = object->dump();
  AddDiffuserKeys(options, *object);
  const absl::StatusOr<model::ModelConfig> source = Parse(*object, path);
  if (!source.ok()) return source.status();
  model::ModelConfig target = *source;
  target.max_position_embeddings = options.max_position_embeddings;
  status = CheckOption("max_position_embeddings", target.max_position_embeddings,
                       target.pad_token_id + 2, 1 << 24);
  if (!status.ok()) return status;
  const absl::StatusOr<std::string> text = checkpoint::ConfigJson(target, base, path);
  if (!text.ok()) return text.status();
  return RobertaConfig{*source, target, *text};
}

}  // namespace diffuser::training
