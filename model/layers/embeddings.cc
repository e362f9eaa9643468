#include "model/layers/embeddings.h"

#include <ATen/Parallel.h>
#include <ATen/ops/embedding.h>
#include <ATen/ops/empty.h>

#include <algorithm>
#include <numeric>

namespace diffuser::layers {
namespace {

// Tokens that are worth another thread.
constexpr int64_t kGrainRows = 16;

// [T] ids, and positions that start anew with every document.
at::Tensor Ids(const model::PackedBatch& batch) {
  at::Tensor ids = at::empty({batch.tokens()}, at::kInt);
  std::copy(batch.ids().begin(), batch.ids().end(), ids.mutable_data_ptr<int32_t>());
  return ids;
}

at::Tensor Positions(const model::PackedBatch& batch, int first) {
  at::Tensor positions = at::empty({batch.tokens()}, at::kInt);
  int32_t* out = positions.mutable_data_ptr<int32_t>();
  for (int document = 0; document < batch.documents(); ++document) {
    const int length = batch.length(document);
    std::iota(out, out + length, first);
    out += length;
  }
  return positions;
}

}  // namespace

Embeddings::Embeddings(const ParameterSource& parameters)
    : word_(parameters.Get("embeddings.word_embeddings.weight")),
      position_(parameters.Get("embeddings.position_embeddings.weight")),
      token_type_(parameters.Get("embeddings.token_type_embeddings.weight")),
      norm_(parameters, "embeddings.LayerNorm"),
      first_position_(parameters.config().pad_token_id + 1) {}

HiddenStates Embeddings::Forward(const model::PackedBatch& batch,
                                 model::Precision precision) const {
  const int64_t hidden = word_.size(1);
  const kernels::EmbeddingTables tables = {.word = word_.const_data_ptr<float>(),
                                           .position = position_.const_data_ptr<float>(),
                                           .token_type = token_type_.const_data_ptr<float>()};
  const at::Tensor positions = Positions(batch, first_position_);
  HiddenStates states = EmptyHiddenStates(batch.tokens(), hidden, precision);
  at::parallel_for(0, batch.tokens(), kGrainRows, [&](int64_t first, int64_t end) {
    const auto count = static_cast<size_t>(end - first);
    kernels::EmbedRows(batch.ids().subspan(first, count),
                       {positions.const_data_ptr<int32_t>() + first, count}, hidden, tables,
                       norm_.view(), SinkOf(states, first));
  });
  return states;
}

at::Tensor Embeddings::ForwardForTraining(const model::PackedBatch& batch,
                                          const Dropout& dropout) const {
  at::Tensor sum = at::embedding(word_, Ids(batch));
  sum.add_(at::embedding(position_, Positions(batch, first_position_)));
  sum.add_(token_type_.select(0, 0));
  return DropHidden(norm_.Forward(sum), dropout);
}

}  // namespace diffuser::layers
