#include "model/kernels/cuda/random_groups.h"

#include <algorithm>
#include <array>

#include "absl/types/span.h"
#include "model/kernels/cuda/layout.h"

namespace diffuser::kernels::cuda {
namespace {

constexpr int kBanks = 8;                 // of 16 bytes; a row of h lies in bank `row % kBanks`
constexpr int kHalfRows = 8;              // rows that are read at once
constexpr int kWindowSteps = 2 * kGroup;  // sources are ascending by windows of so many

using Row = std::vector<uint16_t>;

// One window of one half of a strip: the sources that its rows still have, by bank.
class Window {
 public:
  explicit Window(const std::array<absl::Span<const uint16_t>, kHalfRows>& rows) {
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

// Deals what the rows of one half have at [window, window + steps) to the steps of that window.
// `to` is the strip's first group.
void DealHalf(const RowSources& rows, int half, int window, int steps, uint16_t* to) {
  std::array<absl::Span<const uint16_t>, kHalfRows> of_window;
  for (int row = 0; row < kHalfRows; ++row) {
    const auto& all = rows[half + row];
    of_window[row] = all.subspan(std::min<size_t>(window, all.size()), steps);
  }
  Window dealt(of_window);
  for (int step = 0; step < steps; ++step) {
    const auto sources = dealt.Step(steps - step - 1);
    const int group = (window + step) / kGroup;
    for (int row = 0; row < kHalfRows; ++row) {
      to[(group * kStripRows + half + row) * kGroup + step % kGroup] = sources[row];
    }
  }
}

uint16_t Smallest(const RowSources& rows, size_t from) {
  uint16_t smallest = kNoSource;
  for (const auto& row : rows) {
    if (from < row.size()) smallest = std::min(smallest, row[from]);
  }
  return smallest;
}

void AppendStrip(const graph::AttentionGraph& graph, int strip, RandomGroups& groups) {
  RowSources rows;
  size_t longest = 0;
  for (int row = 0; row < kStripRows; ++row) {
    const int node = strip * kStripRows + row;
    if (node < graph.nodes()) rows[row] = graph.random_sources(node);
    longest = std::max(longest, rows[row].size());
  }
  const int steps = CeilDiv(static_cast<int>(longest), kGroup) * kGroup;
  const size_t start = groups.sources.size();
  groups.sources.resize(start + static_cast<size_t>(steps) * kStripRows, kNoSource);
  for (int window = 0; window < steps; window += kWindowSteps) {
    const int window_steps = std::min(kWindowSteps, steps - window);
    for (int half = 0; half < kStripRows; half += kHalfRows) {
      DealHalf(rows, half, window, window_steps, groups.sources.data() + start);
    }
    groups.first.insert(groups.first.end(), window_steps / kGroup, Smallest(rows, window));
  }
  groups.strip_groups.push_back(static_cast<int32_t>(groups.first.size()));
}

}  // namespace

RandomGroups::RandomGroups(const graph::AttentionGraph& graph) : strip_groups{0} {
  for (int strip = 0; strip < CeilDiv(graph.nodes(), kStripRows); ++strip) {
    AppendStrip(graph, strip, *this);
  }
}

}  // namespace diffuser::kernels::cuda
