#include "model/kernels/cuda/batch_plan.h"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <vector>

#include "absl/strings/str_cat.h"
#include "model/kernels/cuda/batch_sizes.h"
#include "model/kernels/cuda/memory_layout.h"

namespace diffuser::kernels::cuda {
namespace {

struct PlanArrays {
  PlanArrays(const BatchBounds& bounds, std::byte* plan) : layout(plan) {
    counts = layout.Take<BatchCounts>(1);
    all = layout.Take<Document>(bounds.documents);
    strip_starts = layout.Take<int32_t>(bounds.documents + 1);
    chunk_starts = layout.Take<int32_t>(bounds.documents + 1);
    order = layout.Take<int32_t>(bounds.documents);
  }

  MemoryLayout layout;
  BatchCounts* counts;
  Document* all;
  int32_t* strip_starts;
  int32_t* chunk_starts;
  int32_t* order;
};

template <class... Args>
absl::Status Refused(const Args&... args) {
  return absl::InvalidArgumentError(absl::StrCat("CUDA kernels: ", args...));
}

absl::Status CheckBatch(const PlanContext& context, const BatchBounds& bounds,
                        absl::Span<const int32_t> offsets) {
  if (offsets.empty() || offsets[0] != 0) return Refused("offsets that do not begin with 0");
  const auto documents = static_cast<int64_t>(offsets.size()) - 1;
  if (documents > bounds.documents) {
    return Refused(documents, " documents, at most ", bounds.documents, " were planned for");
  }
  if (offsets.back() > bounds.tokens) {
    return Refused(offsets.back(), " tokens, at most ", bounds.tokens, " were planned for");
  }
  const int fitting = context.classes.longest();
  const int longest = std::min({bounds.longest, context.graph.nodes, fitting});
  for (size_t i = 0; i + 1 < offsets.size(); ++i) {
    const int64_t length = int64_t{offsets[i + 1]} - offsets[i];
    if (length >= 1 && length <= longest) continue;
    return Refused("a document of ", length, " tokens, at most ", longest, " ",
                   longest == fitting ? "fit this device" : "were planned for");
  }
  return absl::OkStatus();
}

// Where documents of each class stand in the order, which has the longest first.
void FindRanges(const std::vector<DocumentClass>& classes, const PlanArrays& plan,
                DocumentRange* ranges) {
  const int documents = plan.counts->documents;
  int first = documents;  // those of the classes before, which are shorter, stand from here on
  for (size_t index = 0; index < classes.size(); ++index) {
    const auto at = std::partition_point(plan.order, plan.order + first, [&](int32_t document) {
      return plan.all[document].length > classes[index].longest;
    });
    const int begin = static_cast<int>(at - plan.order);
    ranges[index] = {begin, first - begin};
    first = begin;
  }
}

// Appends the document to the layout of those before, of which the matrices of all heads take
// `used`.
void Append(const PlanContext& context, int length, MatrixSizes& used, PlanArrays& plan) {
  BatchCounts& counts = *plan.counts;
  Document d = MakeDocument(context.graph, length);
  d.first_token = counts.tokens;
  d.first_tile = used.tiles;
  d.first_group = used.groups;
  d.first_chunk = static_cast<int32_t>(used.chunks);
  used.tiles += context.heads * d.tiles_per_head;
  used.groups += context.heads * d.groups_per_head;
  used.chunks += int64_t{context.heads} * d.chunks_per_head;
  plan.all[counts.documents] = d;
  plan.strip_starts[counts.documents] = counts.strips;
  plan.chunk_starts[counts.documents] = counts.chunks;
  counts.documents += 1;
  counts.tokens += length;
  counts.strips += Strips(d);
  counts.chunks += d.chunks_per_head;
}

}  // namespace

size_t PlanBytes(const BatchBounds& bounds) { return PlanArrays(bounds, nullptr).layout.bytes(); }

BatchView PlanView(const BatchBounds& bounds, const std::byte* plan) {
  const PlanArrays arrays(bounds, const_cast<std::byte*>(plan));  // for its addresses alone
  return {.counts = arrays.counts,
          .all = arrays.all,
          .strip_starts = arrays.strip_starts,
          .chunk_starts = arrays.chunk_starts,
          .order = arrays.order};
}

absl::Status WritePlan(const PlanContext& context, const BatchBounds& bounds,
                       absl::Span<const int32_t> offsets, std::byte* plan) {
  if (auto status = CheckBatch(context, bounds, offsets); !status.ok()) return status;
  PlanArrays arrays(bounds, plan);
  std::memset(plan, 0, arrays.layout.bytes());
  MatrixSizes used;
  for (size_t i = 0; i + 1 < offsets.size(); ++i) {
    Append(context, offsets[i + 1] - offsets[i], used, arrays);
  }
  const BatchCounts& counts = *arrays.counts;
  arrays.strip_starts[counts.documents] = counts.strips;
  arrays.chunk_starts[counts.documents] = counts.chunks;
  std::iota(arrays.order, arrays.order + counts.documents, 0);
  std::stable_sort(arrays.order, arrays.order + counts.documents, [&](int32_t a, int32_t b) {
    return arrays.all[a].length > arrays.all[b].length;
  });
  FindRanges(context.classes.hops, arrays, arrays.counts->hops);
  FindRanges(context.classes.first_tokens, arrays, arrays.counts->first_tokens);
  return absl::OkStatus();
}

}  // namespace diffuser::kernels::cuda
