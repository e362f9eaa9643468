#include "model/checkpoint/state_dict.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <optional>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "model/checkpoint/messages.h"

namespace diffuser::checkpoint {
namespace {

using model::HeadKind;
using model::ModelConfig;

constexpr absl::string_view kPrefix = "diffuser.";
constexpr absl::string_view kPositionIds = "embeddings.position_ids";
constexpr char kHeadBias[] = "lm_head.bias";
constexpr char kDecoderBias[] = "lm_head.decoder.bias";
constexpr size_t kMostNamed = 5;

// Collects expected tensors by the kind of layer they belong to.
class Expectation {
 public:
  void Add(std::string name, std::vector<int64_t> shape) {
    tensors_.push_back({std::move(name), std::move(shape)});
  }
  void AddNorm(absl::string_view name, int64_t size) {
    Add(absl::StrCat(name, ".weight"), {size});
    Add(absl::StrCat(name, ".bias"), {size});
  }
  void AddLinear(absl::string_view name, int64_t out, int64_t in) {
    Add(absl::StrCat(name, ".weight"), {out, in});
    Add(absl::StrCat(name, ".bias"), {out});
  }
  void AddOptional(std::string name, std::vector<int64_t> shape) {
    tensors_.push_back({std::move(name), std::move(shape), false});
  }
  std::vector<ExpectedTensor> Take() { return std::move(tensors_); }

 private:
  std::vector<ExpectedTensor> tensors_;
};

void AddLayer(const ModelConfig& config, int index, Expectation& expected) {
  const std::string layer = absl::StrCat("encoder.layer.", index, ".");
  const int64_t hidden = config.hidden_size;
  for (const char* projection : {"query", "key", "value"}) {
    expected.AddLinear(absl::StrCat(layer, "attention.self.", projection), hidden, hidden);
  }
  expected.AddLinear(layer + "attention.output.dense", hidden, hidden);
  expected.AddNorm(layer + "attention.output.LayerNorm", hidden);
  expected.AddLinear(layer + "intermediate.dense", config.intermediate_size, hidden);
  expected.AddLinear(layer + "output.dense", hidden, config.intermediate_size);
  expected.AddNorm(layer + "output.LayerNorm", hidden);
}

void AddHead(const ModelConfig& config, Expectation& expected) {
  const int64_t hidden = config.hidden_size;
  if (config.head == HeadKind::kClassification) {
    expected.AddLinear("classifier.dense", hidden, hidden);
    expected.AddLinear("classifier.out_proj", config.labels.size(), hidden);
    return;
  }
  expected.AddLinear("lm_head.dense", hidden, hidden);
  expected.AddNorm("lm_head.layer_norm", hidden);
  expected.AddOptional("lm_head.decoder.weight", {config.vocab_size, hidden});
  expected.Add(kHeadBias, {config.vocab_size});
}

// Drops the prefix of every name; `stored` keeps its files and shapes.
absl::StatusOr<StoredTensors> StripPrefix(StoredTensors stored) {
  StoredTensors stripped;
  for (auto& [name, tensor] : stored) {
    const absl::string_view plain = absl::StripPrefix(name, kPrefix);
    if (plain == kPositionIds) continue;
    const auto [place, is_new] = stripped.try_emplace(std::string(plain), std::move(tensor));
    if (!is_new) {
      return InvalidTensor(
          place->second.file, plain,
          absl::StrCat("found with and without the prefix ", kPrefix, ", expected it once"));
    }
  }
  return stripped;
}

std::optional<DType> FloatType(absl::string_view name) {
  if (name == "F32") return DType::kFloat32;
  if (name == "F16") return DType::kFloat16;
  if (name == "BF16") return DType::kBFloat16;
  return std::nullopt;
}

absl::StatusOr<DType> CheckTensor(const StoredTensor& stored, const ExpectedTensor& expected) {
  if (stored.shape != expected.shape) {
    return InvalidTensor(stored.file, expected.name,
                         absl::StrCat("found shape ", ShapeText(stored.shape), ", expected ",
                                      ShapeText(expected.shape)));
  }
  const std::optional<DType> dtype = FloatType(stored.dtype);
  if (dtype.has_value()) return *dtype;
  return InvalidTensor(stored.file, expected.name,
                       absl::StrCat("found type ", stored.dtype, ", expected F32, F16 or BF16"));
}

// The elements in row-major order, wherever the strides put them.
std::vector<std::byte> RowMajorCopy(const StoredTensor& stored) {
  const int64_t element = ElementBytes(stored.dtype);
  std::vector<std::byte> copy(*ElementCount(stored.shape) * element);
  std::vector<int64_t> index(stored.shape.size());
  int64_t source = 0;
  for (size_t to = 0; to < copy.size(); to += element) {
    std::memcpy(&copy[to], &stored.bytes[source * element], element);
    for (size_t d = index.size(); d-- > 0;) {
      source += stored.strides[d];
      if (++index[d] < stored.shape[d]) break;
      source -= index[d] * stored.strides[d];
      index[d] = 0;
    }
  }
  return copy;
}

absl::Status AddTensor(const StoredTensor& stored, const ExpectedTensor& expected,
                       StateDict& state) {
  const absl::StatusOr<DType> dtype = CheckTensor(stored, expected);
  if (!dtype.ok()) return dtype.status();
  Bytes bytes = stored.bytes;
  if (!stored.strides.empty()) bytes = state.copies.emplace_back(RowMajorCopy(stored));
  state.tensors[expected.name] = Tensor{*dtype, stored.shape, bytes};
  return absl::OkStatus();
}

std::vector<float> Widened(const Tensor& tensor) {
  std::vector<float> numbers(tensor.elements());
  tensor.CopyTo(absl::MakeSpan(numbers));
  return numbers;
}

// Takes lm_head.decoder.bias for lm_head.bias; where both are there, they must agree bit for bit.
absl::Status UniteBiases(const ModelConfig& config, StoredTensors& stored) {
  if (config.head != HeadKind::kMaskedLm) return absl::OkStatus();
  auto decoder = stored.extract(kDecoderBias);
  if (decoder.empty()) return absl::OkStatus();
  const auto [place, is_only_one] = stored.try_emplace(kHeadBias, decoder.mapped());
  if (is_only_one) return absl::OkStatus();
  StateDict both;
  for (const auto& [name, tensor] :
       {std::pair(kHeadBias, &place->second), std::pair(kDecoderBias, &decoder.mapped())}) {
    const absl::Status added = AddTensor(*tensor, {name, {config.vocab_size}}, both);
    if (!added.ok()) return added;
  }
  const std::vector<float> head = Widened(both.tensors[kHeadBias]);
  const std::vector<float> other = Widened(both.tensors[kDecoderBias]);
  const auto differing = std::mismatch(
      head.begin(), head.end(), other.begin(),
      [](float a, float b) { return std::bit_cast<uint32_t>(a) == std::bit_cast<uint32_t>(b); });
  if (differing.first == head.end()) return absl::OkStatus();
  return InvalidTensor(
      decoder.mapped().file, kDecoderBias,
      absl::StrCat("found ", *differing.second, " at index ", differing.first - head.begin(),
                   ", expected ", *differing.first, " as in ", kHeadBias));
}

// "a, b, c and 4 more".
std::string Names(const std::vector<std::string>& names) {
  const size_t named = std::min(names.size(), kMostNamed);
  const std::string listed = absl::StrJoin(names.begin(), names.begin() + named, ", ");
  if (named == names.size()) return listed;
  return absl::StrCat(listed, " and ", names.size() - named, " more");
}

absl::Status CheckNames(const std::vector<ExpectedTensor>& expected, const StoredTensors& stored,
                        absl::string_view origin) {
  absl::flat_hash_set<absl::string_view> known;
  std::vector<std::string> missing, extra;
  size_t required = 0;
  for (const ExpectedTensor& tensor : expected) {
    known.insert(tensor.name);
    if (!tensor.is_required) continue;
    ++required;
    if (stored.contains(tensor.name)) continue;
    missing.push_back(absl::StrCat(tensor.name, " ", ShapeText(tensor.shape)));
  }
  if (!missing.empty()) {
    return Invalid(origin, absl::StrCat("missing ", missing.size(), " of ", required,
                                        " tensors that the config calls for: ", Names(missing)));
  }
  for (const auto& [name, tensor] : stored) {
    if (known.contains(name)) continue;
    extra.push_back(absl::StrCat(Printable(name), " ", ShapeText(tensor.shape)));
  }
  if (extra.empty()) return absl::OkStatus();
  return Invalid(origin,
                 absl::StrCat("found ", extra.size(),
                              " tensors that the config does not call for: ", Names(extra)));
}

}  // namespace

std::vector<ExpectedTensor> ExpectedTensors(const ModelConfig& config) {
  Expectation expected;
  const int64_t hidden = config.hidden_size;
  expected.Add("embeddings.word_embeddings.weight", {config.vocab_size, hidden});
  expected.Add("embeddings.position_embeddings.weight", {config.max_position_embeddings, hidden});
  expected.Add("embeddings.token_type_embeddings.weight", {config.type_vocab_size, hidden});
  expected.AddNorm("embeddings.LayerNorm", hidden);
  for (int i = 0; i < config.num_layers; ++i) AddLayer(config, i, expected);
  AddHead(config, expected);
  return expected.Take();
}

absl::StatusOr<StateDict> MakeStateDict(const ModelConfig& config, StoredTensors stored,
                                        absl::string_view origin) {
  absl::StatusOr<StoredTensors> plain = StripPrefix(std::move(stored));
  if (!plain.ok()) return plain.status();
  const absl::Status united = UniteBiases(config, *plain);
  if (!united.ok()) return united;
  const std::vector<ExpectedTensor> expected = ExpectedTensors(config);
  const absl::Status names = CheckNames(expected, *plain, origin);
  if (!names.ok()) return names;
  StateDict state;
  for (const ExpectedTensor& tensor : expected) {
    const auto found = plain->find(tensor.name);
    if (found == plain->end()) continue;
    const absl::Status added = AddTensor(found->second, tensor, state);
    if (!added.ok()) return added;
  }
  return state;
}

}  // namespace diffuser::checkpoint
