#include "model/kernels/reference_attention.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace diffuser::kernels {
namespace {

// One row of A: its sources and their weights.
struct Row {
  std::vector<int> sources;
  std::vector<double> weights;
};

using Matrix = std::vector<Row>;  // [L]

// One document and head of the batch.
struct Head {
  const float* q;  // row t at q + t * row_stride, D floats; k and v alike
  const float* k;
  const float* v;
  int64_t row_stride;
  int length;  // L
  int dim;     // D

  Head(const QkvView& qkv, const DiffusionShape& shape, int document, int head)
      : row_stride(qkv.row_stride),
        length(qkv.offsets[document + 1] - qkv.offsets[document]),
        dim(shape.head_dim) {
    const int64_t start = qkv.offsets[document] * row_stride + head * shape.head_dim;
    q = qkv.q + start;
    k = qkv.k + start;
    v = qkv.v + start;
  }
};

double Dot(const float* a, const float* b, int n) {
  double sum = 0;
  for (int d = 0; d < n; ++d) sum += static_cast<double>(a[d]) * b[d];
  return sum;
}

// REQUIRES: not empty.
void Softmax(std::vector<double>& values) {
  const double max = *std::max_element(values.begin(), values.end());
  double sum = 0;
  for (double& value : values) sum += value = std::exp(value - max);
  for (double& value : values) value /= sum;
}

Matrix AttentionMatrix(const graph::AttentionGraph& graph, const Head& head) {
  const double scale = 1.0 / std::sqrt(static_cast<double>(head.dim));
  Matrix matrix(head.length);
  for (int i = 0; i < head.length; ++i) {
    Row& row = matrix[i];
    row.sources = graph.Sources(i, head.length);
    for (const int j : row.sources) {
      row.weights.push_back(
          scale * Dot(head.q + i * head.row_stride, head.k + j * head.row_stride, head.dim));
    }
    if (!row.weights.empty()) Softmax(row.weights);
  }
  return matrix;
}

// h_K, [L, D].
std::vector<double> Diffused(const Matrix& a, const Head& head, const DiffusionShape& shape) {
  const int dim = head.dim;
  std::vector<double> v(static_cast<size_t>(head.length) * dim);
  for (int i = 0; i < head.length; ++i) {
    std::copy_n(head.v + i * head.row_stride, dim, v.begin() + static_cast<size_t>(i) * dim);
  }
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
std::vector<double> FirstTokenWeights(const Matrix& a, const DiffusionShape& shape) {
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

class ReferenceKernels : public AttentionKernels {
 public:
  std::string_view name() const override { return "reference"; }

  void Diffuse(const graph::AttentionGraph& graph, const DiffusionShape& shape, const QkvView& qkv,
               float* out, ParallelFor) const override {
    for (int document = 0; document < qkv.documents(); ++document) {
      for (int h = 0; h < shape.heads; ++h) {
        const Head head(qkv, shape, document, h);
        const auto diffused = Diffused(AttentionMatrix(graph, head), head, shape);
        for (int i = 0; i < head.length; ++i) {
          const int64_t row = (qkv.offsets[document] + i) * int64_t{shape.heads} + h;
          std::copy_n(diffused.begin() + static_cast<size_t>(i) * head.dim, head.dim,
                      out + row * head.dim);
        }
      }
    }
  }

  void DiffuseFirstToken(const graph::AttentionGraph& graph, const DiffusionShape& shape,
                         const QkvView& qkv, float* out, float* evidence,
                         ParallelFor) const override {
    for (int document = 0; document < qkv.documents(); ++document) {
      std::vector<double> mean;
      for (int h = 0; h < shape.heads; ++h) {
        const Head head(qkv, shape, document, h);
        const auto s = FirstTokenWeights(AttentionMatrix(graph, head), shape);
        mean.resize(s.size());
        for (size_t i = 0; i < s.size(); ++i) mean[i] += s[i] / shape.heads;
        float* to = out + (int64_t{document} * shape.heads + h) * head.dim;
        for (int d = 0; d < head.dim; ++d) {
          double sum = 0;
          for (int i = 0; i < head.length; ++i) sum += s[i] * head.v[i * head.row_stride + d];
          to[d] = static_cast<float>(sum);
        }
      }
      if (evidence != nullptr) {
        std::copy(mean.begin(), mean.end(), evidence + qkv.offsets[document]);
      }
    }
  }
};

}  // namespace

std::unique_ptr<const AttentionKernels> MakeReferenceKernels() {
  return std::make_unique<ReferenceKernels>();
}

}  // namespace diffuser::kernels
