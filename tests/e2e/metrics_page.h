#ifndef DIFFUSER_TESTS_E2E_METRICS_PAGE_H_
#define DIFFUSER_TESTS_E2E_METRICS_PAGE_H_

#include <map>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace diffuser::testing {

// What one scrape of a server's /metrics gave.
class MetricsPage {
 public:
  // Asks 127.0.0.1:`port` over HTTP. Errors: UNAVAILABLE (nobody answers, or not with a page).
  static absl::StatusOr<MetricsPage> Scrape(int port);

  // The sum over all series of a metric whose labels contain every text of `labels`:
  // Sum("diffuser_requests_completed_total", {"code=\"OK\""}).
  double Sum(absl::string_view metric, const std::vector<std::string>& labels = {}) const;

  // The same, by the value of the label `by`; series without it are left out.
  std::map<std::string, double> SumBy(absl::string_view metric, const std::string& by,
                                      const std::vector<std::string>& labels = {}) const;

 private:
  // Calls `visit` with labels and value of every such series.
  void ForEach(absl::string_view metric, const std::vector<std::string>& labels,
               absl::FunctionRef<void(absl::string_view, double)> visit) const;

  std::map<std::string, double> samples_;  // by `name{labels}`
};

// Scrapes until `reached` holds, for kPatience at most, and gives the last page.
// Errors: those of Scrape.
absl::StatusOr<MetricsPage> ScrapeUntil(int port,
                                        absl::FunctionRef<bool(const MetricsPage&)> reached);

}  // namespace diffuser::testing

#endif  // DIFFUSER_TESTS_E2E_METRICS_PAGE_H_
