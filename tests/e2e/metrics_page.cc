#include "tests/e2e/metrics_page.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>

#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "tests/e2e/child_process.h"

namespace diffuser::testing {
namespace {

// HTTP/1.0, so that the answer comes in one piece and ends with the connection.
constexpr absl::string_view kRequest = "GET /metrics HTTP/1.0\r\n\r\n";

absl::StatusOr<std::string> Fetch(int port) {
  const absl::Status failed = absl::UnavailableError(absl::StrCat("no metrics on port ", port));
  const int peer = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (peer < 0) return failed;
  const auto closer = absl::MakeCleanup([peer] { close(peer); });
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(peer, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) return failed;
  if (send(peer, kRequest.data(), kRequest.size(), MSG_NOSIGNAL) < 0) return failed;
  std::string page;
  char buffer[8192];
  for (ssize_t got; (got = read(peer, buffer, sizeof(buffer))) > 0;) page.append(buffer, got);
  if (!absl::StrContains(page.substr(0, page.find('\n')), " 200 ")) return failed;
  return page;
}

}  // namespace

absl::StatusOr<MetricsPage> MetricsPage::Scrape(int port) {
  const absl::StatusOr<std::string> text = Fetch(port);
  if (!text.ok()) return text.status();
  MetricsPage page;
  for (absl::string_view line : absl::StrSplit(*text, '\n')) {
    line = absl::StripSuffix(line, "\r");
    const size_t gap = line.rfind(' ');
    double value = 0;
    if (gap == line.npos || absl::StartsWith(line, "#")) continue;
    if (!absl::SimpleAtod(line.substr(gap + 1), &value)) continue;
    page.samples_[std::string(line.substr(0, gap))] = value;
  }
  return page;
}

void MetricsPage::ForEach(absl::string_view metric, const std::vector<std::string>& labels,
                          absl::FunctionRef<void(absl::string_view, double)> visit) const {
  for (const auto& [series, value] : samples_) {
    absl::string_view rest = series;
    if (!absl::ConsumePrefix(&rest, metric) || (!rest.empty() && rest[0] != '{')) continue;
    const bool matches = std::all_of(labels.begin(), labels.end(), [&](const std::string& label) {
      return absl::StrContains(rest, label);
    });
    if (matches) visit(rest, value);
  }
}

double MetricsPage::Sum(absl::string_view metric, const std::vector<std::string>& labels) const {
  double sum = 0;
  ForEach(metric, labels, [&](absl::string_view, double value) { sum += value; });
  return sum;
}

std::map<std::string, double> MetricsPage::SumBy(absl::string_view metric, const std::string& by,
                                                 const std::vector<std::string>& labels) const {
  std::map<std::string, double> sums;
  const std::string before = absl::StrCat(by, "=\"");
  ForEach(metric, labels, [&](absl::string_view series, double value) {
    const size_t begin = series.find(before);
    if (begin == series.npos) return;
    const absl::string_view rest = series.substr(begin + before.size());
    sums[std::string(rest.substr(0, rest.find('"')))] += value;
  });
  return sums;
}

absl::StatusOr<MetricsPage> ScrapeUntil(int port,
                                        absl::FunctionRef<bool(const MetricsPage&)> reached) {
  const absl::Time end = absl::Now() + kPatience;
  while (true) {
    absl::StatusOr<MetricsPage> page = MetricsPage::Scrape(port);
    if (!page.ok() || reached(*page) || absl::Now() > end) return page;
    absl::SleepFor(absl::Milliseconds(10));
  }
}

}  // namespace diffuser::testing
