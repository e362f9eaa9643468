// A shared library with the functions of the NVIDIA driver's libraries that the server uses, for a
// machine of two GPUs whose CUDA order is not NVML's: CUDA device 0 is at 0000:65:00.0, device 1 at
// 0000:17:00.0. Names and values as NVIDIA documents them.

#include <cstdio>
#include <cstring>

extern "C" {

struct nvmlUtilization_t {
  unsigned int gpu;
  unsigned int memory;
};

static const char* const kPciBusIds[] = {"0000:65:00.0", "0000:17:00.0"};  // by CUDA's order
static bool g_cuda_started = false;
static bool g_nvml_started = false;

int cuInit(unsigned int flags) {
  g_cuda_started = flags == 0;
  return g_cuda_started ? 0 : 1;  // CUDA_ERROR_INVALID_VALUE
}

int cuDeviceGet(int* device, int index) {
  if (!g_cuda_started) return 3;            // CUDA_ERROR_NOT_INITIALIZED
  if (index < 0 || index >= 2) return 101;  // CUDA_ERROR_INVALID_DEVICE
  *device = index;
  return 0;
}

int cuDeviceGetPCIBusId(char* text, int length, int device) {
  if (length < 13) return 1;
  std::snprintf(text, static_cast<size_t>(length), "%s", kPciBusIds[device]);
  return 0;
}

int nvmlInit_v2() {
  g_nvml_started = true;
  return 0;
}

int nvmlShutdown() {
  g_nvml_started = false;
  return 0;
}

int nvmlDeviceGetHandleByPciBusId_v2(const char* pci_bus_id, void** device) {
  static int gpus[] = {0, 1};
  if (!g_nvml_started) return 1;  // NVML_ERROR_UNINITIALIZED
  for (int i = 0; i < 2; ++i) {
    if (std::strcmp(pci_bus_id, kPciBusIds[i]) == 0) {
      *device = &gpus[i];
      return 0;
    }
  }
  return 6;  // NVML_ERROR_NOT_FOUND
}

int nvmlDeviceGetUtilizationRates(void* device, nvmlUtilization_t* rates) {
  const bool is_first = *static_cast<int*>(device) == 0;
  rates->gpu = is_first ? 75 : 0;
  rates->memory = 99;
  return 0;
}

}  // extern "C"
