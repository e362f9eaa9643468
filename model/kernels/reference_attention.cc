#include "model/kernels/reference_attention.h"

#include <algorithm>
#include <vector>

#include "model/kernels/reference_matrix.h"

namespace diffuser::kernels {
namespace {

using reference::AttentionMatrix;
using reference::Head;
using reference::Matrix;

// h_K, [L, D].
std::vector<double> Diffused(const Matrix& a, const Head& head, const DiffusionShape& shape) {
  const int dim = head.dim;
  const std::vector<double>& v = head.v;
  std::vector<double> h = v;
  for (int hop = 0; hop < shape.hops; ++hop) {
    std::vector<double> next(v.size());
    for (int i = 0; i < head.length; ++i) {
      for (int d = 0; d < dim; ++d) {
        double sum = 0;
        for (size_t e = 0; e < a[i].sources.size(); ++e) {
          sum += a[i].weights[e] * h[static_cast<size_t>(a[i].sources[e]) * dim + d];
        }
        const size_t at = static_cast<size_t>(i) * dim + d;
        next[at] = (1.0 - shape.alpha) * sum + shape.alpha * v[at];
      }
    }
    h = std::move(next);
  }
  return h;
}

// s of the first token: how much of each token's value it reads, [L].
std::vector<double> WeightsOfFirstToken(const Matrix& a, const DiffusionShape& shape) {
  std::vector<double> r(a.size());
  std::vector<double> s(a.size());
  r[0] = 1;
  double keep = 1;  // (1 - alpha)^k
  for (int hop = 0; hop < shape.hops; ++hop) {
    std::vector<double> next(a.size());
    for (size_t i = 0; i < a.size(); ++i) {
      s[i] += shape.alpha * keep * r[i];
      for (size_t e = 0; e < a[i].sources.size(); ++e) {
        next[a[i].sources[e]] += r[i] * a[i].weights[e];
      }
    }
    r = std::move(next);
    keep *= 1.0 - shape.alpha;
  }
  for (size_t i = 0; i < a.size(); ++i) s[i] += keep * r[i];
  return s;
}

// Writes `count` values as elements.
void Store(const double* values, int count, void* to, Element element) {
  for (int d = 0; d < count; ++d) {
    const float value = static_cast<float>(values[d]);
    if (element == Element::kFloat32) {
      static_cast<float*>(to)[d] = value;
    } else {
      static_cast<BFloat16*>(to)[d] = ToBFloat16(value);
    }
  }
}

class ReferenceKernels : public AttentionKernels {
 public:
  std::string_view name() const override { return "reference"; }

  void Diffuse(const graph::AttentionGraph& graph, const DiffusionShape& shape, const QkvView& qkv,
               void* out, ParallelFor) const override {
    for (int document = 0; document < qkv.documents(); ++document) {
      for (int h = 0; h < shape.heads; ++h) {
        const Head head(qkv, shape, document, h);
        const auto diffused = Diffused(AttentionMatrix(graph, head), head, shape);
        for (int i = 0; i < head.length; ++i) {
          const int64_t row = (qkv.offsets[document] + i) * int64_t{shape.heads} + h;
          Store(&diffused[static_cast<size_t>(i) * head.dim], head.dim,
                ElementAt(out, qkv.element, row * head.dim), qkv.element);
        }
      }
    }
  }

  void FirstTokenWeights(const graph::AttentionGraph& graph, const DiffusionShape& shape,
                         const QkvView& qkv, float* weights, ParallelFor) const override {
    for (int document = 0; document < qkv.documents(); ++document) {
      for (int h = 0; h < shape.heads; ++h) {
        const Head head(qkv, shape, document, h);
        const auto s = WeightsOfFirstToken(AttentionMatrix(graph, head), shape);
        std::copy(s.begin(), s.end(),
                  weights + int64_t{h} * qkv.offsets.back() + qkv.offsets[document]);
      }
    }
  }
};

}  // namespace

std::unique_ptr<const AttentionKernels> MakeReferenceKernels() {
  return std::make_unique<ReferenceKernels>();
}

}  // namespace diffuser::kernels
