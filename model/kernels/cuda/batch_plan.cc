#include "model/kernels/cuda/batch_plan.h"

#include <algorithm>
#include <bit>
#include <map>
#include <tuple>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "model/kernels/cuda/shared_sizes.h"

namespace diffuser::kernels::cuda {
namespace {

constexpr int kFirstTokenPart = 512;  // tokens a block's share of a row vector should have

struct Split {
  int width = 0;
  int parts = 0;
};

// The widest slab that fits, in the fewest blocks; a width of 0 where none does. Wide slabs read A
// less often, and few blocks leave others to other documents.
Split HopSplit(int length, const DeviceLimits& limits) {
  for (const int width : {16, 8}) {
    for (int parts = 1; parts <= limits.cluster_blocks; parts *= 2) {
      if (HopSharedBytes(width, length, parts) <= limits.shared_bytes) return {width, parts};
    }
  }
  return {};
}

int FirstTokenParts(int length, const DeviceLimits& limits) {
  const int wanted = std::bit_ceil(static_cast<unsigned>(CeilDiv(length, kFirstTokenPart)));
  return std::min(wanted, limits.cluster_blocks);
}

int CountBelow(const std::vector<uint16_t>& ascending, int length) {
  return static_cast<int>(std::lower_bound(ascending.begin(), ascending.end(), length) -
                          ascending.begin());
}

// Documents by width, parts and the power of two that their length is below: a launch has the
// shared memory of its longest document, so that short ones go apart.
using Classes = std::map<std::tuple<int, int, int>, std::vector<int32_t>>;

std::vector<DocumentsLaunch> ToLaunches(const Classes& classes, const std::vector<Document>& all,
                                        std::vector<int32_t>& order) {
  std::vector<DocumentsLaunch> launches;
  for (auto at = classes.rbegin(); at != classes.rend(); ++at) {  // the longest first
    const auto& [key, documents] = *at;
    DocumentsLaunch launch = {.width = std::get<1>(key),
                              .parts = std::get<2>(key),
                              .first = static_cast<int>(order.size()),
                              .count = static_cast<int>(documents.size())};
    for (const int32_t document : documents) {
      launch.longest = std::max(launch.longest, all[document].length);
    }
    order.insert(order.end(), documents.begin(), documents.end());
    launches.push_back(launch);
  }
  return launches;
}

// Appends a document of that length to the plan's layout.
void Append(const GraphArrays& graph, int heads, int length, BatchPlan& plan) {
  Document d = {.first_token = plan.tokens,
                .length = length,
                .globals = CountBelow(graph.globals, length),
                .band_tiles = graph.band_tiles,
                .first_chunk = static_cast<int32_t>(plan.chunks),
                .chunks_per_head = 0,
                .first_tile = plan.tiles,
                .tiles_per_head = 0,
                .first_group = plan.groups,
                .groups_per_head = graph.random.strip_groups[CeilDiv(length, kStripRows)]};
  d.chunks_per_head = GlobalStrips(d) * ChunksPerStrip(d);
  d.tiles_per_head =
      int64_t{Strips(d)} * (d.band_tiles + ColumnTiles(d)) + int64_t{GlobalStrips(d)} * RowTiles(d);
  plan.tokens += length;
  plan.tiles += heads * d.tiles_per_head;
  plan.groups += heads * d.groups_per_head;
  plan.chunks += int64_t{heads} * d.chunks_per_head;
  plan.strip_starts.push_back(plan.strip_starts.back() + Strips(d));
  plan.chunk_starts.push_back(plan.chunk_starts.back() + d.chunks_per_head);
  plan.documents.push_back(d);
}

}  // namespace

int LongestDocument(const DeviceLimits& limits) {
  int longest = 0;
  for (int step = 1 << 16; step > 0; step /= 2) {
    if (HopSplit(longest + step, limits).width > 0) longest += step;
  }
  return longest;
}

absl::StatusOr<BatchPlan> BatchPlan::Make(const GraphArrays& graph, const DiffusionShape& shape,
                                          absl::Span<const int32_t> offsets,
                                          const DeviceLimits& limits) {
  if (shape.head_dim <= 0 || shape.head_dim % kHalvesPerWords != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("CUDA kernels: head size ", shape.head_dim, ", expected a multiple of 8"));
  }
  if (shape.hops < 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("CUDA kernels: ", shape.hops, " hops, expected at least 1"));
  }
  BatchPlan plan;
  plan.strip_starts = {0};
  plan.chunk_starts = {0};
  Classes hops, first_tokens;
  for (size_t i = 0; i + 1 < offsets.size(); ++i) {
    const int length = offsets[i + 1] - offsets[i];
    const Split split = HopSplit(length, limits);
    const int parts = FirstTokenParts(length, limits);
    if (split.width == 0 || FirstTokenSharedBytes(length, shape.head_dim) > limits.shared_bytes) {
      return absl::InvalidArgumentError(absl::StrCat("CUDA kernels: a document of ", length,
                                                     " tokens, at most ", LongestDocument(limits),
                                                     " fit this device"));
    }
    Append(graph, shape.heads, length, plan);
    const int size_class = std::bit_width(static_cast<unsigned>(length - 1));
    hops[{size_class, split.width, split.parts}].push_back(static_cast<int32_t>(i));
    first_tokens[{size_class, 0, parts}].push_back(static_cast<int32_t>(i));
  }
  plan.hops = ToLaunches(hops, plan.documents, plan.hop_order);
  plan.first_tokens = ToLaunches(first_tokens, plan.documents, plan.first_token_order);
  return plan;
}

BatchView BatchPlan::view() const {
  return {.documents = static_cast<int>(documents.size()),
          .tokens = tokens,
          .all = documents.data(),
          .strip_starts = strip_starts.data(),
          .chunk_starts = chunk_starts.data(),
          .strips = strip_starts.back(),
          .chunks = chunk_starts.back()};
}

}  // namespace diffuser::kernels::cuda
