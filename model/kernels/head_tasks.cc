#include "model/kernels/head_tasks.h"

#include <algorithm>
#include <numeric>
#include <vector>

namespace diffuser::kernels {

HeadTask MakeTask(const graph::AttentionGraph& graph, const DiffusionShape& shape,
                  const QkvView& qkv, int document, int head) {
  const int64_t start = qkv.offsets[document] * qkv.row_stride + int64_t{head} * shape.head_dim;
  return {.graph = graph,
          .element = qkv.element,
          .q = ElementAt(qkv.q, qkv.element, start),
          .k = ElementAt(qkv.k, qkv.element, start),
          .v = qkv.v == nullptr ? nullptr : ElementAt(qkv.v, qkv.element, start),
          .row_stride = qkv.row_stride,
          .length = qkv.offsets[document + 1] - qkv.offsets[document],
          .dim = shape.head_dim,
          .hops = shape.hops,
          .alpha = shape.alpha};
}

void ForEachHead(const DiffusionShape& shape, const QkvView& qkv, ParallelFor parallel,
                 absl::FunctionRef<void(int document, int head)> body) {
  std::vector<int> documents(qkv.documents());
  std::iota(documents.begin(), documents.end(), 0);
  const auto length = [&](int i) { return qkv.offsets[i + 1] - qkv.offsets[i]; };
  std::stable_sort(documents.begin(), documents.end(),
                   [&](int a, int b) { return length(a) > length(b); });
  parallel(int64_t{qkv.documents()} * shape.heads, [&](int64_t index) {
    body(documents[index / shape.heads], static_cast<int>(index % shape.heads));
  });
}

}  // namespace diffuser::kernels
