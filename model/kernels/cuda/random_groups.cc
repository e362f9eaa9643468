#include "model/kernels/cuda/random_groups.h"

#include <algorithm>
#include <array>
#include <bit>

#include "absl/types/span.h"
#include "model/kernels/cuda/layout.h"

namespace diffuser::kernels::cuda {
namespace {

constexpr int kBanks = 8;           // of 16 bytes; a row of h lies in bank `row % kBanks`
constexpr int kHalfRows = 8;        // rows that are read at once
constexpr int kShortestClass = 16;  // tokens

using Row = std::vector<uint16_t>;

// One half of a strip: the sources that its rows still have, by bank.
class HalfStrip {
 public:
  explicit HalfStrip(const std::array<absl::Span<const uint16_t>, kHalfRows>& rows) {
    for (int row = 0; row < kHalfRows; ++row) {
      left_[row] = static_cast<int>(rows[row].size());
      for (const uint16_t source : rows[row]) banks_[row][source % kBanks].push_back(source);
    }
  }

  // The source of each row in a step after which `steps_left` follow: from different banks for as
  // many rows as it can be, by augmenting paths, those first that have most left. A row without a
  // bank waits, or takes any where it must not.
  std::array<uint16_t, kHalfRows> Step(int steps_left) {
    std::array<int, kHalfRows> order = {0, 1, 2, 3, 4, 5, 6, 7};
    std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return left_[a] > left_[b]; });
    OrderBanks();
    row_of_.fill(kNone);
    for (const int row : order) {
      std::array<bool, kBanks> tried = {};
      Match(row, tried);
    }
    std::array<uint16_t, kHalfRows> sources;
    sources.fill(kNoSource);
    for (int bank = 0; bank < kBanks; ++bank) {
      if (row_of_[bank] != kNone) sources[row_of_[bank]] = Take(row_of_[bank], bank);
    }
    for (int row = 0; row < kHalfRows; ++row) {
      if (sources[row] == kNoSource && left_[row] > steps_left) sources[row] = Take(row, Any(row));
    }
    return sources;
  }

 private:
  static constexpr int kNone = -1;

  // Gives the row a bank of its own; other rows may have to change theirs.
  bool Match(int row, std::array<bool, kBanks>& tried) {
    for (const int bank : bank_order_) {
      if (banks_[row][bank].empty() || tried[bank]) continue;
      tried[bank] = true;
      if (row_of_[bank] != kNone && !Match(row_of_[bank], tried)) continue;
      row_of_[bank] = row;
      return true;
    }
    return false;
  }

  // Those with most sources left come first.
  void OrderBanks() {
    std::array<size_t, kBanks> size = {};
    for (const auto& of_row : banks_) {
      for (int bank = 0; bank < kBanks; ++bank) size[bank] += of_row[bank].size();
    }
    std::stable_sort(bank_order_.begin(), bank_order_.end(),
                     [&](int a, int b) { return size[a] > size[b]; });
  }

  int Any(int row) const {
    return static_cast<int>(std::find_if(banks_[row].begin(), banks_[row].end(),
                                         [](const Row& sources) { return !sources.empty(); }) -
                            banks_[row].begin());
  }

  uint16_t Take(int row, int bank) {
    const uint16_t source = banks_[row][bank].back();
    banks_[row][bank].pop_back();
    --left_[row];
    return source;
  }

  std::array<std::array<Row, kBanks>, kHalfRows> banks_;
  std::array<int, kHalfRows> left_;
  std::array<int, kBanks> bank_order_ = {0, 1, 2, 3, 4, 5, 6, 7};
  std::array<int, kBanks> row_of_;
};

using RowSources = std::array<absl::Span<const uint16_t>, kStripRows>;

// Deals what the rows of one half have to the steps. `to` is the strip's first group.
void DealHalf(const RowSources& rows, int half, int steps, uint16_t* to) {
  std::array<absl::Span<const uint16_t>, kHalfRows> of_half;
  std::copy_n(rows.begin() + half, kHalfRows, of_half.begin());
  HalfStrip left(of_half);
  for (int step = 0; step < steps; ++step) {
    const auto sources = left.Step(steps - step - 1);
    for (int row = 0; row < kHalfRows; ++row) {
      to[(step / kGroup * kStripRows + half + row) * kGroup + step % kGroup] = sources[row];
    }
  }
}

// The sources below `end`.
void AppendStrip(const graph::AttentionGraph& graph, int strip, int end, RandomGroups& groups) {
  RowSources rows;
  size_t longest = 0;
  for (int row = 0; row < kStripRows; ++row) {
    const int node = strip * kStripRows + row;
    if (node >= end) break;
    const absl::Span<const uint16_t> all = graph.random_sources(node);
    rows[row] = all.first(std::lower_bound(all.begin(), all.end(), end) - all.begin());
    longest = std::max(longest, rows[row].size());
  }
  const int steps = CeilDiv(static_cast<int>(longest), kGroup) * kGroup;
  const size_t start = groups.sources.size();
  groups.sources.resize(start + static_cast<size_t>(steps) * kStripRows, kNoSource);
  for (int half = 0; half < kStripRows; half += kHalfRows) {
    DealHalf(rows, half, steps, groups.sources.data() + start);
  }
  groups.strip_groups.push_back(
      static_cast<int32_t>(groups.sources.size() / (kStripRows * kGroup)));
}

// The longest document of the class after that of `longest`.
int NextClass(int longest) {
  return longest +
         (1 << Larger(2, static_cast<int>(std::bit_width(static_cast<unsigned>(longest))) - 3));
}

}  // namespace

RandomGroups::RandomGroups(const graph::AttentionGraph& graph) {
  for (int longest = kShortestClass;; longest = NextClass(longest)) {
    const int end = std::min(longest, graph.nodes());
    classes.push_back({end, static_cast<int>(strip_groups.size())});
    strip_groups.push_back(static_cast<int32_t>(sources.size() / (kStripRows * kGroup)));
    for (int strip = 0; strip < CeilDiv(end, kStripRows); ++strip) {
      AppendStrip(graph, strip, end, *this);
    }
    if (end == graph.nodes()) break;
  }
}

const RandomGroups::Class& RandomGroups::ClassOf(int length) const {
  return *std::partition_point(classes.begin(), classes.end(),
                               [length](const Class& of) { return of.longest < length; });
}

}  // namespace diffuser::kernels::cuda
