#include "model/kernels/cuda/document_classes.h"

#include <algorithm>
#include <limits>

#include "model/kernels/cuda/shared_sizes.h"

namespace diffuser::kernels::cuda {
namespace {

constexpr int kMostParts = 8;         // of a cluster, on every device that has them
constexpr int kDeviceBlocks = 128;    // blocks that a document needs to have a device for itself
constexpr int kFirstTokenPart = 512;  // tokens a block's share of a row vector should have

// The longest document for which `bytes(length)`, which does not fall, is at most `limit`.
template <class Bytes>
int LongestWithin(int64_t limit, const Bytes& bytes) {
  int longest = 0;
  for (int step = 1 << 16; step > 0; step /= 2) {
    if (bytes(longest + step) <= limit) longest += step;
  }
  return longest;
}

// Slabs of equal widths, of at most that many columns. REQUIRES: `most` is one of kHopWidths.
int EvenWidth(int head_dim, int most) {
  const int slabs = CeilDiv(head_dim, most);
  return CeilDiv(CeilDiv(head_dim, slabs), kHalvesPerWords) * kHalvesPerWords;
}

// How many blocks share a slab of the longest documents.
int MostParts(const DeviceLimits& limits, int slabs) {
  return Larger(1, Smaller(Smaller(kMostParts, limits.cluster_blocks), kDeviceBlocks / slabs));
}

// The widest slab that fits, for wide slabs read A less often. Long documents are shared by blocks,
// so that one alone does not leave the device idle; short ones are not, as every block fetches the
// whole slab after each hop.
std::vector<DocumentClass> HopClasses(const DeviceLimits& limits, int heads, int head_dim) {
  std::vector<DocumentClass> classes;
  int longest = 0;
  for (const int most : kHopWidths) {
    const int width = EvenWidth(head_dim, most);
    const int fitting = LongestWithin(
        limits.shared_bytes, [width](int length) { return HopSharedBytes(width, length); });
    const int most_parts = MostParts(limits, heads * CeilDiv(head_dim, width));
    for (const int parts : {1, 2, most_parts}) {
      const int end = parts < most_parts ? fitting * parts / (most_parts + 1) : fitting;
      if (parts <= most_parts && end > longest) classes.push_back({width, parts, end});
      longest = Larger(longest, end);
    }
  }
  return classes;
}

std::vector<DocumentClass> FirstTokenClasses(const DeviceLimits& limits, int head_dim) {
  const int longest = LongestWithin(
      limits.shared_bytes, [&](int length) { return FirstTokenSharedBytes(length, head_dim); });
  std::vector<DocumentClass> classes;
  int parts = 1;
  for (; 2 * parts <= Smaller(kMostParts, limits.cluster_blocks); parts *= 2) {
    if (parts * kFirstTokenPart >= longest) break;
    classes.push_back({.parts = parts, .longest = parts * kFirstTokenPart});
  }
  if (longest > 0) classes.push_back({.parts = parts, .longest = longest});
  return classes;
}

}  // namespace

DocumentClasses::DocumentClasses(const DeviceLimits& limits, int heads, int head_dim)
    : hops(HopClasses(limits, heads, head_dim)),
      first_tokens(FirstTokenClasses(limits, head_dim)) {}

int DocumentClasses::longest() const {
  if (hops.empty() || first_tokens.empty()) return 0;
  return std::min(hops.back().longest, first_tokens.back().longest);
}

std::vector<DocumentsLaunch> LaunchesFor(const std::vector<DocumentClass>& classes,
                                         const BatchBounds& bounds) {
  std::vector<DocumentsLaunch> launches;
  int shorter = 0;  // the longest of the class before
  for (size_t index = 0; index < classes.size() && shorter < bounds.longest; ++index) {
    const DocumentClass& of = classes[index];
    const int documents = Smaller(bounds.documents, bounds.tokens / (shorter + 1));
    if (documents == 0) break;
    launches.push_back({.index = static_cast<int>(index),
                        .width = of.width,
                        .parts = of.parts,
                        .longest = Smaller(of.longest, bounds.longest),
                        .documents = documents});
    shorter = of.longest;
  }
  std::reverse(launches.begin(), launches.end());
  return launches;
}

}  // namespace diffuser::kernels::cuda
