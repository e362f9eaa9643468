#ifndef DIFFUSER_SERVER_METRICS_NVML_H_
#define DIFFUSER_SERVER_METRICS_NVML_H_

#include <memory>
#include <optional>
#include <string>

namespace diffuser::metrics {

// Utilisation of NVIDIA GPUs, from the driver's management library (NVML), which is opened at run
// time: a machine or a container without it has no such metric.
//
// NVML counts the machine's GPUs, CUDA those that the process may see, in an order of its own; so a
// device is looked up by its PCI address, which the CUDA driver gives. Thread-safe.
class Nvml {
 public:
  struct Libraries {
    std::string nvml = "libnvidia-ml.so.1";
    std::string cuda = "libcuda.so.1";
  };

  // Null where a library is not there, lacks a function, or does not start.
  static std::unique_ptr<Nvml> Open(const Libraries& libraries);

  virtual ~Nvml() = default;

  // The share of the driver's last sample period (a sixth of a second to a second) in which
  // something ran on CUDA device `index`, of whichever process, in [0, 1]. None where the driver
  // does not say: no such device, or a slice (MIG) of one.
  virtual std::optional<double> Utilization(int index) const = 0;
};

}  // namespace diffuser::metrics

#endif  // DIFFUSER_SERVER_METRICS_NVML_H_
