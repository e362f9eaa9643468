#include "server/metrics/nvml.h"

#include <dlfcn.h>

#include <utility>

namespace diffuser::metrics {
namespace {

// What is used of the interfaces that NVIDIA documents: NVML's, and the CUDA driver's. 0 is success
// in both.
struct Device;  // NVML's handle of a GPU points to one
struct Rates {
  unsigned int gpu = 0;     // percent
  unsigned int memory = 0;  // percent
};

struct Functions {
  int (*nvml_init)() = nullptr;
  int (*nvml_shutdown)() = nullptr;
  int (*nvml_device)(const char* pci_bus_id, Device** device) = nullptr;
  int (*nvml_utilization)(Device* device, Rates* rates) = nullptr;
  int (*cuda_init)(unsigned int flags) = nullptr;
  int (*cuda_device)(int* device, int index) = nullptr;
  int (*cuda_pci_bus_id)(char* text, int length, int device) = nullptr;
};

struct Closer {
  void operator()(void* library) const { dlclose(library); }
};
using Library = std::unique_ptr<void, Closer>;

Library OpenLibrary(const std::string& name) {
  return Library(dlopen(name.c_str(), RTLD_LAZY | RTLD_LOCAL));
}

// Whether the library has the function.
template <typename Function>
bool Find(const Library& library, const char* name, Function*& function) {
  function = reinterpret_cast<Function*>(dlsym(library.get(), name));
  return function != nullptr;
}

class OpenNvml final : public Nvml {
 public:
  OpenNvml(Library nvml, Library cuda, const Functions& functions)
      : nvml_(std::move(nvml)), cuda_(std::move(cuda)), functions_(functions) {}
  ~OpenNvml() override { functions_.nvml_shutdown(); }

  std::optional<double> Utilization(int index) const override {
    int device = 0;
    char pci_bus_id[32] = {};
    if (functions_.cuda_device(&device, index) != 0) return std::nullopt;
    if (functions_.cuda_pci_bus_id(pci_bus_id, sizeof(pci_bus_id), device) != 0) {
      return std::nullopt;
    }
    Device* handle = nullptr;
    Rates rates;
    if (functions_.nvml_device(pci_bus_id, &handle) != 0) return std::nullopt;
    if (functions_.nvml_utilization(handle, &rates) != 0) return std::nullopt;
    return rates.gpu / 100.0;
  }

 private:
  const Library nvml_;
  const Library cuda_;
  const Functions functions_;
};

}  // namespace

std::unique_ptr<Nvml> Nvml::Open(const Libraries& libraries) {
  Library nvml = OpenLibrary(libraries.nvml);
  Library cuda = OpenLibrary(libraries.cuda);
  if (nvml == nullptr || cuda == nullptr) return nullptr;
  Functions functions;
  const bool complete = Find(nvml, "nvmlInit_v2", functions.nvml_init) &&
                        Find(nvml, "nvmlShutdown", functions.nvml_shutdown) &&
                        Find(nvml, "nvmlDeviceGetHandleByPciBusId_v2", functions.nvml_device) &&
                        Find(nvml, "nvmlDeviceGetUtilizationRates", functions.nvml_utilization) &&
                        Find(cuda, "cuInit", functions.cuda_init) &&
                        Find(cuda, "cuDeviceGet", functions.cuda_device) &&
                        Find(cuda, "cuDeviceGetPCIBusId", functions.cuda_pci_bus_id);
  if (!complete || functions.cuda_init(0) != 0 || functions.nvml_init() != 0) return nullptr;
  return std::make_unique<OpenNvml>(std::move(nvml), std::move(cuda), functions);
}

}  // namespace diffuser::metrics
