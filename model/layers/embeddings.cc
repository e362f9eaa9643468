#include "model/layers/embeddings.h"

#include <ATen/ops/embedding.h>
#include <ATen/ops/empty.h>

#include <algorithm>
#include <numeric>

namespace diffuser::layers {
namespace {

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

at::Tensor Embeddings::Forward(const model::PackedBatch& batch, const Dropout& dropout) const {
  at::Tensor sum = at::embedding(word_, Ids(batch));
  sum.add_(at::embedding(position_, Positions(batch, first_position_)));
  sum.add_(token_type_.select(0, 0));
  return DropHidden(norm_.Forward(sum), dropout);
}

}  // namespace diffuser::layers
