#include "model/layers/diffusion_attention.h"

#include <ATen/ATen.h>

#include <cmath>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "model/kernels/dropout_mask.h"

namespace diffuser::layers {
namespace {

constexpr double kAlpha = 0.1;

AttentionBackend MakeBackend() {
  auto graph =
      graph::AttentionGraph::Build({.nodes = 120, .window = 16, .num_rand = 4, .num_glob = 6});
  EXPECT_TRUE(graph.ok()) << graph.status();
  return {*std::move(graph), *kernels::MakeAttentionKernels("cpu"),
          *kernels::MakeTrainingKernels("cpu")};
}

model::ModelConfig MakeConfig() {
  model::ModelConfig config;
  config.hidden_size = 24;
  config.num_heads = 3;
  config.diffusion_hops = 5;
  config.diffusion_alpha = kAlpha;
  return config;
}

// [rows, columns], 0 or 1 / (1 - rate) as the kernels drop.
at::Tensor Mask(uint32_t head_key, uint32_t plane, int64_t rows, int64_t columns, double rate) {
  at::Tensor mask = at::empty({rows, columns}, at::kDouble);
  for (int row = 0; row < rows; ++row) {
    const uint32_t key = kernels::RowKey(head_key, plane, row);
    for (int column = 0; column < columns; ++column) {
      const bool kept = kernels::IsKept(key, column, kernels::DropBelow(static_cast<float>(rate)));
      mask[row][column] = kept ? 1.0 / (1.0 - rate) : 0.0;
    }
  }
  return mask;
}

// The attention written with dense ATen operators, in double, whose gradient is autograd's own.
class DenseForm {
 public:
  DenseForm(const graph::AttentionGraph& graph, const model::ModelConfig& config, Dropout dropout)
      : graph_(graph), config_(config), dropout_(dropout) {}

  at::Tensor Forward(const at::Tensor& qkv, const std::vector<int32_t>& offsets) const {
    std::vector<at::Tensor> documents;
    for (size_t document = 0; document + 1 < offsets.size(); ++document) {
      const at::Tensor rows =
          qkv.narrow(0, offsets[document], offsets[document + 1] - offsets[document]);
      std::vector<at::Tensor> heads;
      for (int head = 0; head < config_.num_heads; ++head) {
        heads.push_back(Head(rows, static_cast<int>(document), head));
      }
      documents.push_back(at::cat(heads, 1));
    }
    return at::cat(documents);
  }

 private:
  at::Tensor Head(const at::Tensor& rows, int document, int head) const {
    const int64_t dim = config_.head_dim();
    const int64_t length = rows.size(0);
    const auto part = [&](int index) {
      return rows.narrow(1, index * config_.hidden_size + head * dim, dim);
    };
    at::Tensor edges = at::zeros({length, length}, at::kBool);
    for (int i = 0; i < length; ++i) {
      for (const int j : graph_.Sources(i, static_cast<int>(length))) edges[i][j] = true;
    }
    const at::Tensor scores = at::matmul(part(0), part(1).t()) / std::sqrt(double(dim));
    const at::Tensor a =
        at::softmax(scores.masked_fill(edges.logical_not(), -INFINITY), 1).nan_to_num();
    const uint32_t key = kernels::HeadKey(dropout_.seed, document, head);
    const at::Tensor masked =
        a * Mask(key, kernels::kAttentionPlane, length, length, dropout_.attention);
    at::Tensor h = part(2);
    for (int hop = 0; hop < config_.diffusion_hops; ++hop) {
      h = (1.0 - kAlpha) * at::matmul(masked, h) + kAlpha * part(2);
      h = h * Mask(key, kernels::HopPlane(hop), length, dim, dropout_.hop);
    }
    return h;
  }

  const graph::AttentionGraph& graph_;
  const model::ModelConfig& config_;
  Dropout dropout_;
};

double LargestDifference(const at::Tensor& a, const at::Tensor& b) {
  return (a.to(at::kDouble) - b.to(at::kDouble)).abs().max().item<double>();
}

class DiffusionAttentionTest : public ::testing::TestWithParam<Dropout> {};

TEST_P(DiffusionAttentionTest, HasTheGradientThatAutogradFindsForTheDenseForm) {
  at::manual_seed(11);
  const AttentionBackend backend = MakeBackend();
  const model::ModelConfig config = MakeConfig();
  const std::vector<int32_t> offsets = {0, 97, 98, 131};
  const at::Tensor values = at::randn({131, 3 * config.hidden_size});
  const at::Tensor out_gradient = at::randn({131, config.hidden_size});

  const at::Tensor qkv = values.clone().set_requires_grad(true);
  const at::Tensor actual =
      DiffusionAttention(config, backend).ForwardForTraining(qkv, offsets, GetParam());
  actual.backward(out_gradient);
  const at::Tensor dense_qkv = values.to(at::kDouble).set_requires_grad(true);
  const at::Tensor expected =
      DenseForm(*backend.graph, config, GetParam()).Forward(dense_qkv, offsets);
  expected.backward(out_gradient.to(at::kDouble));

  EXPECT_LT(LargestDifference(actual.detach(), expected.detach()), 1e-5);
  EXPECT_LT(LargestDifference(qkv.grad(), dense_qkv.grad()), 1e-5);
}

INSTANTIATE_TEST_SUITE_P(
    Rates, DiffusionAttentionTest,
    ::testing::Values(Dropout{}, Dropout{.attention = 0.2, .seed = 3},
                      Dropout{.hop = 0.2, .seed = 4},
                      Dropout{.attention = 0.1, .hop = 0.1, .seed = uint64_t{5} << 40}));

TEST(DiffusionAttention, TrainsOnWhatItServesWhereNothingIsDropped) {
  at::manual_seed(12);
  const AttentionBackend backend = MakeBackend();
  const model::ModelConfig config = MakeConfig();
  const DiffusionAttention attention(config, backend);
  const std::vector<int32_t> offsets = {0, 64, 120};
  const at::Tensor qkv = at::randn({120, 3 * config.hidden_size});
  EXPECT_LT(LargestDifference(attention.ForwardForTraining(qkv, offsets, {}),
                              attention.Forward(qkv, offsets)),
            2e-6);
}

TEST(DiffusionAttention, AnswersInTheTypeOfTheProjections) {
  at::manual_seed(13);
  const AttentionBackend backend = MakeBackend();
  const model::ModelConfig config = MakeConfig();
  const DiffusionAttention attention(config, backend);
  const std::vector<int32_t> offsets = {0, 64, 120};
  const at::Tensor rounded = at::randn({120, 3 * config.hidden_size}).to(at::kBFloat16);
  const at::Tensor exact = rounded.to(at::kFloat);
  const at::Tensor all = attention.Forward(rounded, offsets);
  EXPECT_EQ(all.scalar_type(), at::kBFloat16);
  EXPECT_LT(LargestDifference(all.to(at::kFloat), attention.Forward(exact, offsets)), 0.02);
}

TEST(DiffusionAttention, WeighsTokensForTheFirstOnesFromQueriesAndKeysAlone) {
  at::manual_seed(14);
  const AttentionBackend backend = MakeBackend();
  const model::ModelConfig config = MakeConfig();
  const DiffusionAttention attention(config, backend);
  const std::vector<int32_t> offsets = {0, 64, 120};
  const int64_t hidden = config.hidden_size, dim = config.head_dim();
  const at::Tensor qkv = at::randn({120, 3 * hidden});
  const at::Tensor qk = qkv.narrow(1, 0, 2 * hidden).contiguous();
  const at::Tensor all = attention.Forward(qkv, offsets);
  const at::Tensor weights = attention.FirstTokenWeights(qk, offsets);
  for (int document = 0; document < 2; ++document) {
    const int64_t begin = offsets[document], length = offsets[document + 1] - begin;
    for (int64_t head = 0; head < config.num_heads; ++head) {
      const at::Tensor v = qkv.narrow(0, begin, length).narrow(1, 2 * hidden + head * dim, dim);
      const at::Tensor first = weights[head].narrow(0, begin, length).matmul(v);
      EXPECT_LT(LargestDifference(first, all[begin].narrow(0, head * dim, dim)), 1e-5);
    }
  }
  const at::Tensor rounded = attention.FirstTokenWeights(qk.to(at::kBFloat16), offsets);
  EXPECT_EQ(rounded.scalar_type(), at::kFloat);
  EXPECT_LT(LargestDifference(rounded, weights), 1e-2);
}

}  // namespace
}  // namespace diffuser::layers
