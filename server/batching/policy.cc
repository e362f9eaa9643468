#include "server/batching/policy.h"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <utility>

namespace diffuser::batching {
namespace {

struct Filling {
  std::vector<int> take;
  int64_t tokens = 0;
};

// Takes in the given order what fits; the first in any case.
Filling Fill(absl::Span<const QueuedItem> items, absl::Span<const int> order,
             const BatchLimits& limits) {
  Filling filling;
  for (const int index : order) {
    if (static_cast<int>(filling.take.size()) == limits.max_documents) break;
    const int64_t tokens = filling.tokens + items[index].tokens;
    if (!filling.take.empty() && tokens > limits.budget_tokens) continue;
    filling.take.push_back(index);
    filling.tokens = tokens;
  }
  return filling;
}

bool IsFull(const Filling& filling, const BatchLimits& limits) {
  return filling.tokens >= limits.budget_tokens ||
         static_cast<int>(filling.take.size()) == limits.max_documents;
}

}  // namespace

Decision Decide(const QueueView& queue, absl::Time now, const BatchLimits& limits) {
  const absl::Span<const QueuedItem> items = queue.items;
  if (items.empty()) return {};

  std::vector<int> order(items.size());
  std::iota(order.begin(), order.end(), 0);
  Filling filling = Fill(items, order, limits);
  const bool all_fit = filling.take.size() == items.size();

  const absl::Time due = items.front().enqueued + limits.max_delay;
  if (all_fit && !queue.closed && now < due && !IsFull(filling, limits)) {
    return {.take = {}, .wait_until = due};
  }
  if (!all_fit && queue.head_passed_over < limits.max_passed_over) {
    std::stable_sort(order.begin(), order.end(), [items](int a, int b) {
      return items[a].document_tokens < items[b].document_tokens;
    });
    filling = Fill(items, order, limits);
    std::sort(filling.take.begin(), filling.take.end());
  }
  return {.take = std::move(filling.take)};
}

}  // namespace diffuser::batching
