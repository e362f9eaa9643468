#include "model/device/aten_attention.h"

#include <ATen/Context.h>
#include <ATen/ops/baddbmm.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace diffuser::device {
namespace {

// Of the matrices of the heads that are computed at once.
constexpr int64_t kMatrixBytes = int64_t{256} << 20;

at::Tensor MissingEdges(const graph::AttentionGraph& graph, int longest) {
  at::Tensor mask = at::ones({longest, longest}, at::kBool);
  bool* row = mask.mutable_data_ptr<bool>();
  for (int dst = 0; dst < longest; ++dst, row += longest) {
    for (const int src : graph.Sources(dst, longest)) row[src] = false;
  }
  return mask;
}

// [L, H * D], of which a few heads -> [count, L, D] float32.
at::Tensor HeadsOf(const at::Tensor& rows, int64_t first, int64_t count, int64_t dim) {
  return rows.narrow(1, first * dim, count * dim)
      .reshape({rows.size(0), count, dim})
      .transpose(0, 1)
      .to(at::kFloat)
      .contiguous();
}

}  // namespace

AtenAttention::AtenAttention(const graph::AttentionGraph& graph,
                             const kernels::DiffusionShape& shape, int longest, c10::Device device)
    : shape_(shape), no_edge_(MissingEdges(graph, longest).to(device)) {}

// A of each head. A row without an edge has no greatest score, so its softmax is not a number:
// zeros take its place, as of all that is no edge.
at::Tensor AtenAttention::Matrix(const at::Tensor& q, const at::Tensor& k) const {
  const int64_t length = q.size(1);
  const at::Tensor no_edge = no_edge_.narrow(0, 0, length).narrow(1, 0, length);
  at::Tensor scores = at::bmm(q, k.transpose(1, 2));
  scores.mul_(1.0 / std::sqrt(static_cast<double>(shape_.head_dim)));
  scores.masked_fill_(no_edge, -std::numeric_limits<double>::infinity());
  return at::softmax(scores, -1).masked_fill_(no_edge, 0.0);
}

template <class Body>  // body(heads)
void AtenAttention::ForEachGroup(const at::Tensor& document, Body body) const {
  const int64_t length = document.size(0);
  const int64_t dim = shape_.head_dim;
  const int64_t width = shape_.heads * dim;
  const int64_t matrix_bytes = length * length * static_cast<int64_t>(sizeof(float));
  const int64_t group = std::clamp<int64_t>(kMatrixBytes / matrix_bytes, 1, shape_.heads);
  for (int64_t first = 0; first < shape_.heads; first += group) {
    const int64_t count = std::min(group, shape_.heads - first);
    const auto part = [&](int64_t index) {
      return HeadsOf(document.narrow(1, index * width, width), first, count, dim);
    };
    body(Heads{.first = first, .count = count, .a = Matrix(part(0), part(1)), .v = part(2)});
  }
}

void AtenAttention::Forward(const at::Tensor& qkv, absl::Span<const int32_t> offsets,
                            at::Tensor& out) const {
  const at::NoTF32Guard exact;
  const int64_t dim = shape_.head_dim;
  for (size_t document = 0; document + 1 < offsets.size(); ++document) {
    const int64_t begin = offsets[document];
    const int64_t length = offsets[document + 1] - begin;
    ForEachGroup(qkv.narrow(0, begin, length), [&](const Heads& heads) {
      at::Tensor h = heads.v;
      for (int hop = 0; hop < shape_.hops; ++hop) {
        h = at::baddbmm(heads.v, heads.a, h, shape_.alpha, 1.0 - shape_.alpha);
      }
      out.narrow(0, begin, length)
          .narrow(1, heads.first * dim, heads.count * dim)
          .view({length, heads.count, dim})
          .copy_(h.transpose(0, 1));
    });
  }
}

void AtenAttention::ForwardFirstTokens(const at::Tensor& qkv, absl::Span<const int32_t> offsets,
                                       at::Tensor& out, at::Tensor& evidence) const {
  const at::NoTF32Guard exact;
  const int64_t dim = shape_.head_dim;
  for (size_t document = 0; document + 1 < offsets.size(); ++document) {
    const int64_t begin = offsets[document];
    const int64_t length = offsets[document + 1] - begin;
    at::Tensor of_document = evidence.narrow(0, begin, length).zero_();
    ForEachGroup(qkv.narrow(0, begin, length), [&](const Heads& heads) {
      at::Tensor r = at::zeros({heads.count, 1, length}, heads.v.options());
      r.select(2, 0).fill_(1.0);
      at::Tensor s = at::mul(r, shape_.alpha);
      double keep = 1.0;  // (1 - alpha)^k
      for (int hop = 1; hop <= shape_.hops; ++hop) {
        r = at::bmm(r, heads.a);
        keep *= 1.0 - shape_.alpha;
        s.add_(r, hop < shape_.hops ? shape_.alpha * keep : keep);
      }
      of_document.add_(s.sum({0, 1}), 1.0 / shape_.heads);
      out.select(0, static_cast<int64_t>(document))
          .narrow(0, heads.first * dim, heads.count * dim)
          .view({heads.count, 1, dim})
          .copy_(at::bmm(s, heads.v));
    });
  }
}

}  // namespace diffuser::device
