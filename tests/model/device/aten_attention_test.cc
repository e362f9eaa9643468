#include "model/device/aten_attention.h"

#include <ATen/ops/from_blob.h>
#include <ATen/ops/full.h>

#include "gtest/gtest.h"
#include "tests/model/kernels/kernel_fixture.h"

namespace diffuser::device {
namespace {

using kernels::Element;
using kernels::testing::Answers;
using kernels::testing::BuildOrDie;
using kernels::testing::CaseTest;
using kernels::testing::Compute;
using kernels::testing::ExpectWithin;
using kernels::testing::GeneratedCases;
using kernels::testing::KernelCase;
using kernels::testing::KernelsOrDie;
using kernels::testing::Projections;
using kernels::testing::Serial;
using kernels::testing::WholeGraphCase;

constexpr int kSpareRows = 3;

std::vector<float> Values(const at::Tensor& tensor) {
  const at::Tensor floats = tensor.to(at::kFloat).contiguous();
  return {floats.const_data_ptr<float>(), floats.const_data_ptr<float>() + floats.numel()};
}

// What the attention gives for a batch whose tensors have rows to spare, which must stay at -7.
Answers ComputeWithAten(const graph::AttentionGraph& graph, const kernels::DiffusionShape& shape,
                        const Projections& batch, at::ScalarType type) {
  const kernels::QkvView view = batch.view();
  const int64_t width = int64_t{shape.heads} * shape.head_dim;
  const at::Tensor qkv =
      at::from_blob(const_cast<void*>(view.q), {batch.tokens(), 3 * width}, at::kFloat).to(type);
  at::Tensor all = at::full({batch.tokens() + kSpareRows, width}, -7.0, type);
  at::Tensor first = at::full({batch.documents() + kSpareRows, width}, -7.0, type);
  at::Tensor evidence = at::full({batch.tokens() + kSpareRows}, -7.0, at::kFloat);
  int longest = 0;
  for (int i = 0; i < batch.documents(); ++i) longest = std::max(longest, batch.length(i));
  const AtenAttention attention(graph, shape, longest, c10::Device(c10::DeviceType::CPU));
  attention.Forward(qkv, view.offsets, all);
  attention.ForwardFirstTokens(qkv, view.offsets, first, evidence);
  for (const at::Tensor* written : {&all, &first, &evidence}) {
    const at::Tensor spare = written->narrow(0, written->size(0) - kSpareRows, kSpareRows);
    EXPECT_TRUE(spare.eq(-7.0).all().item<bool>());
  }
  return {Values(all.narrow(0, 0, batch.tokens())), Values(first.narrow(0, 0, batch.documents())),
          Values(evidence.narrow(0, 0, batch.tokens()))};
}

void ExpectAnswers(float bound, const Answers& actual, const Answers& expected) {
  ExpectWithin(bound, actual.all, expected.all, "h");
  ExpectWithin(bound, actual.first, expected.first, "h of first tokens");
  ExpectWithin(bound, actual.evidence, expected.evidence, "evidence");
}

class AtenAttentionTest : public CaseTest {};

TEST_P(AtenAttentionTest, AgreesWithTheReference) {
  const Projections batch = Batch(Element::kFloat32);
  ExpectAnswers(2e-5f, ComputeWithAten(*graph_, GetParam().shape, batch, at::kFloat),
                ComputeWith("reference", batch));
}

INSTANTIATE_TEST_SUITE_P(Cases, AtenAttentionTest, ::testing::ValuesIn(GeneratedCases()),
                         [](const auto& tested) { return tested.param.name; });

TEST(AtenAttention, TakesAndGivesHalves) {
  const auto graph = BuildOrDie({.nodes = 128, .window = 16, .num_rand = 4, .num_glob = 6});
  const kernels::DiffusionShape shape = {.heads = 2, .head_dim = 16};
  const Projections batch(shape, {128, 1, 77}, {1, 2, 3}, 1.0f);
  const Answers expected = Compute(*KernelsOrDie("reference"), *graph, shape, batch, Serial);
  ExpectAnswers(0.02f, ComputeWithAten(*graph, shape, batch, at::kBFloat16), expected);
  ExpectAnswers(0.004f, ComputeWithAten(*graph, shape, batch, at::kHalf), expected);
}

// 64 MB a head: more than one group of heads.
TEST(AtenAttention, ComputesTheLongestDocumentInGroupsOfHeads) {
  KernelCase test = WholeGraphCase();
  test.shape.heads = 5;
  test.shape.head_dim = 8;
  const auto graph = BuildOrDie(test.graph);
  const Projections batch(test.shape, test.lengths, {1, 2}, 1.0f);
  ExpectAnswers(2e-5f, ComputeWithAten(*graph, test.shape, batch, at::kFloat),
                Compute(*KernelsOrDie("cpu"), *graph, test.shape, batch, Serial));
}

}  // namespace
}  // namespace diffuser::device
