#include "model/training/local_heads.h"

#include <ATen/TensorIndexing.h>
#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/linspace.h>
#include <ATen/ops/outer.h>

#include <algorithm>
#include <cmath>

namespace diffuser::training {
namespace {

// Of the sinusoids, in radians a token: the highest tells neighbours, the lowest the ends of the
// longest documents.
constexpr double kHighestFrequency = 1.8;
constexpr double kLowestFrequency = 0.003;
// Sizes beside words of deviation 1 elsewhere.
constexpr double kAmplitude = 1.4;
constexpr double kWordsAmongPositions = 0.3;
// The score at a head's offset; at one token beside it is some 2.5 lower.
constexpr double kPeakScore = 10.0;

// Pairs of dimensions, a cosine and a sine each, that hold the position.
int64_t PositionPairs(const model::ModelConfig& config) {
  return std::max<int64_t>(1, config.hidden_size / 6);
}

// [pairs], from the highest down.
at::Tensor Frequencies(int64_t pairs) {
  return at::linspace(std::log(kHighestFrequency), std::log(kLowestFrequency), pairs).exp();
}

void SetEmbeddings(const TrainableParameters& parameters, double deviation) {
  const model::ModelConfig& config = parameters.config();
  const int64_t pairs = PositionPairs(config);
  at::Tensor words = parameters.Get("embeddings.word_embeddings.weight");
  words.div_(deviation);
  words.narrow(1, 0, 2 * pairs).mul_(kWordsAmongPositions);

  at::Tensor positions = parameters.Get("embeddings.position_embeddings.weight");
  const at::Tensor angles =
      at::outer(at::arange(positions.size(0), at::kFloat), Frequencies(pairs));
  using at::indexing::Slice;
  positions.zero_();
  positions.index_put_({Slice(), Slice(0, 2 * pairs, 2)}, angles.cos().mul_(kAmplitude));
  positions.index_put_({Slice(), Slice(1, 2 * pairs, 2)}, angles.sin().mul_(kAmplitude));
  positions.select(0, config.pad_token_id).zero_();
}

// Sets rows of `head` so that the score of a source is a function of its offset alone, but for what
// words add to it, and highest at `offset`.
void SetHead(const model::ModelConfig& config, int head, double offset, at::Tensor& query,
             at::Tensor& key) {
  const int64_t dim = config.head_dim();
  const int64_t pairs = std::min(dim / 2, PositionPairs(config));
  const double scale = std::sqrt(kPeakScore * std::sqrt(static_cast<double>(dim)) /
                                 (static_cast<double>(pairs) * kAmplitude * kAmplitude));
  const at::Tensor frequencies = Frequencies(PositionPairs(config));
  at::Tensor q = query.narrow(0, head * dim, dim).zero_();
  at::Tensor k = key.narrow(0, head * dim, dim).zero_();
  for (int64_t pair = 0; pair < pairs; ++pair) {
    const double angle = frequencies[pair].item<double>() * offset;
    const int64_t x = 2 * pair;
    const int64_t y = x + 1;
    q[x][x] = scale;
    q[y][y] = scale;
    k[x][x] = scale * std::cos(angle);
    k[y][y] = scale * std::cos(angle);
    k[x][y] = scale * std::sin(angle);
    k[y][x] = -scale * std::sin(angle);
  }
}

}  // namespace

std::vector<double> LocalHeadOffsets(int heads) {
  std::vector<double> offsets = {-0.5, 0.5, -1.0, 1.0, -2.0, 2.0};
  const int local = heads - std::max(1, heads / 4);
  if (local < static_cast<int>(offsets.size())) offsets.resize(local);
  return offsets;
}

void StartWithLocalHeads(const TrainableParameters& parameters, double deviation) {
  const at::NoGradGuard no_gradient;
  SetEmbeddings(parameters, deviation);
  at::Tensor query = parameters.Get("encoder.layer.0.attention.self.query.weight");
  at::Tensor key = parameters.Get("encoder.layer.0.attention.self.key.weight");
  const std::vector<double> offsets = LocalHeadOffsets(parameters.config().num_heads);
  for (size_t head = 0; head < offsets.size(); ++head) {
    SetHead(parameters.config(), static_cast<int>(head), offsets[head], query, key);
  }
}

}  // namespace diffuser::training
