#include <prometheus/exposer.h>

#include <exception>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "server/metrics/metrics.h"

namespace diffuser::metrics {
namespace {

class HttpEndpoint : public MetricsEndpoint {
 public:
  HttpEndpoint(const std::string& address, const Metrics& metrics) : exposer_(address) {
    for (const auto& collectable : metrics.collectables())
      exposer_.RegisterCollectable(collectable);
  }

  int port() const override { return exposer_.GetListeningPorts().front(); }

 private:
  prometheus::Exposer exposer_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<MetricsEndpoint>> MetricsEndpoint::Start(const std::string& address,
                                                                        const Metrics& metrics) {
  try {
    return std::make_unique<HttpEndpoint>(address, metrics);
  } catch (const std::exception&) {  // the HTTP server's own, which says no more than "failed"
    return absl::UnavailableError(
        absl::StrCat("cannot listen on ", address,
                     " for metrics: the address is in use, or not one of this machine's"));
  }
}

}  // namespace diffuser::metrics
