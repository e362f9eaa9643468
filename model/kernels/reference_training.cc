#include "model/kernels/reference_training.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "model/kernels/dropout_mask.h"
#include "model/kernels/reference_matrix.h"

namespace diffuser::kernels {
namespace {

using reference::AttentionMatrix;
using reference::Head;
using reference::Matrix;
using reference::Row;

using Values = std::vector<double>;  // [L, D]

// One document and head of a pass: its matrices and what becomes of its values.
class HeadPass {
 public:
  HeadPass(const DiffusionPass& pass, int document, int head)
      : head_(pass.qkv, pass.shape, document, head),
        shape_(pass.shape),
        dropout_(pass.dropout),
        key_(HeadKey(pass.dropout.seed, document, head)),
        a_(AttentionMatrix(pass.graph, head_)) {}

  // h_0, ..., h_K.
  std::vector<Values> Forward() const {
    std::vector<Values> h = {head_.v};
    for (int hop = 0; hop < shape_.hops; ++hop) {
      Values next(h[0].size());
      for (int i = 0; i < head_.length; ++i) {
        for (size_t e = 0; e < a_[i].sources.size(); ++e) {
          const double weight = (1.0 - shape_.alpha) * Mask(i, e) * a_[i].weights[e];
          AddRow(weight, h.back(), a_[i].sources[e], next, i);
        }
        AddRow(shape_.alpha, h[0], i, next, i);
      }
      ApplyHopMask(hop, next);
      h.push_back(std::move(next));
    }
    return h;
  }

  // `g` is the gradient of h_K; writes those of q, k and v.
  void Backward(Values g, const QkvGradient& out) const {
    const std::vector<Values> h = Forward();
    Values dv(g.size());
    std::vector<std::vector<double>> da(head_.length);  // dÃ, [L][sources]
    for (int i = 0; i < head_.length; ++i) da[i].resize(a_[i].sources.size());
    for (int hop = shape_.hops - 1; hop >= 0; --hop) {
      ApplyHopMask(hop, g);
      Values next(g.size());
      for (int i = 0; i < head_.length; ++i) {
        AddRow(shape_.alpha, g, i, dv, i);
        for (size_t e = 0; e < a_[i].sources.size(); ++e) {
          const int j = a_[i].sources[e];
          da[i][e] += (1.0 - shape_.alpha) * Dot(g, i, h[hop], j);
          AddRow((1.0 - shape_.alpha) * Mask(i, e) * a_[i].weights[e], g, i, next, j);
        }
      }
      g = std::move(next);
    }
    for (int i = 0; i < head_.length; ++i) AddRow(1.0, g, i, dv, i);
    Scatter(dv, out.v, out.row_stride);
    BackwardScores(da, out);
  }

 private:
  // dq and dk from dÃ.
  void BackwardScores(const std::vector<std::vector<double>>& da, const QkvGradient& out) const {
    const double scale = 1.0 / std::sqrt(static_cast<double>(head_.dim));
    Values dq(head_.q.size());
    Values dk(head_.k.size());
    for (int i = 0; i < head_.length; ++i) {
      double total = 0;
      for (size_t e = 0; e < da[i].size(); ++e) total += a_[i].weights[e] * Mask(i, e) * da[i][e];
      for (size_t e = 0; e < da[i].size(); ++e) {
        const double de = scale * a_[i].weights[e] * (Mask(i, e) * da[i][e] - total);
        AddRow(de, head_.k, a_[i].sources[e], dq, i);
        AddRow(de, head_.q, i, dk, a_[i].sources[e]);
      }
    }
    Scatter(dq, out.q, out.row_stride);
    Scatter(dk, out.k, out.row_stride);
  }

  static double Factor(uint32_t row_key, uint32_t column, float rate) {
    return IsKept(row_key, column, DropBelow(rate)) ? 1.0 / (1.0 - rate) : 0.0;
  }

  double Mask(int i, size_t e) const {
    if (dropout_.attention == 0.0f) return 1.0;
    return Factor(RowKey(key_, kAttentionPlane, i), a_[i].sources[e], dropout_.attention);
  }

  void ApplyHopMask(int hop, Values& values) const {
    if (dropout_.hop == 0.0f) return;
    for (int i = 0; i < head_.length; ++i) {
      const uint32_t key = RowKey(key_, HopPlane(hop), i);
      for (int d = 0; d < head_.dim; ++d) values[At(i) + d] *= Factor(key, d, dropout_.hop);
    }
  }

  size_t At(int row) const { return static_cast<size_t>(row) * head_.dim; }

  void AddRow(double factor, const Values& from, int from_row, Values& to, int to_row) const {
    for (int d = 0; d < head_.dim; ++d) to[At(to_row) + d] += factor * from[At(from_row) + d];
  }

  double Dot(const Values& a, int a_row, const Values& b, int b_row) const {
    double sum = 0;
    for (int d = 0; d < head_.dim; ++d) sum += a[At(a_row) + d] * b[At(b_row) + d];
    return sum;
  }

  void Scatter(const Values& from, float* to, int64_t stride) const {
    for (int i = 0; i < head_.length; ++i) {
      std::copy_n(from.begin() + At(i), head_.dim, to + i * stride);
    }
  }

  Head head_;
  DiffusionShape shape_;
  DiffusionDropout dropout_;
  uint32_t key_;
  Matrix a_;
};

class ReferenceTrainingKernels : public TrainingKernels {
 public:
  void Diffuse(const DiffusionPass& pass, float* out, ParallelFor) const override {
    ForEachHead(pass, [&](int document, int head, int64_t at) {
      const Values h = HeadPass(pass, document, head).Forward().back();
      for (size_t i = 0; i < h.size() / pass.shape.head_dim; ++i) {
        std::copy_n(h.begin() + i * pass.shape.head_dim, pass.shape.head_dim,
                    out + at + i * Width(pass));
      }
    });
  }

  void DiffuseBackward(const DiffusionPass& pass, const float* out_gradient,
                       const QkvGradient& gradient, ParallelFor) const override {
    const int dim = pass.shape.head_dim;
    ForEachHead(pass, [&](int document, int head, int64_t at) {
      const int length = pass.qkv.offsets[document + 1] - pass.qkv.offsets[document];
      Values g(static_cast<size_t>(length) * dim);
      for (int i = 0; i < length; ++i) {
        std::copy_n(out_gradient + at + i * Width(pass), dim, g.begin() + size_t(i) * dim);
      }
      const int64_t start = pass.qkv.offsets[document] * gradient.row_stride + int64_t{head} * dim;
      HeadPass(pass, document, head)
          .Backward(std::move(g), {gradient.q + start, gradient.k + start, gradient.v + start,
                                   gradient.row_stride});
    });
  }

 private:
  static int64_t Width(const DiffusionPass& pass) {
    return int64_t{pass.shape.heads} * pass.shape.head_dim;
  }

  // body(document, head, where its first row begins in an array of [T, H * D])
  template <typename Body>
  static void ForEachHead(const DiffusionPass& pass, Body body) {
    for (int document = 0; document < pass.qkv.documents(); ++document) {
      for (int head = 0; head < pass.shape.heads; ++head) {
        body(document, head,
             pass.qkv.offsets[document] * Width(pass) + int64_t{head} * pass.shape.head_dim);
      }
    }
  }
};

}  // namespace

std::unique_ptr<const TrainingKernels> MakeReferenceTrainingKernels() {
  return std::make_unique<ReferenceTrainingKernels>();
}

}  // namespace diffuser::kernels
