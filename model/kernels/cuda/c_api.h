#ifndef DIFFUSER_MODEL_KERNELS_CUDA_C_API_H_
#define DIFFUSER_MODEL_KERNELS_CUDA_C_API_H_

#include <cstdint>

#include "model/kernels/cuda/attention_call.h"
#include "model/kernels/cuda/half.h"
#include "model/kernels/cuda/rowwise_args.h"

// What libdiffuser_cuda.so offers: one C symbol, which gives a table of functions over plain
// structs. The library holds the kernels and the CUDA runtime, and is opened only where a CUDA
// device is asked for (cuda_library.h); nothing else of the project links it.
namespace diffuser::kernels::cuda {

// Changes whenever a struct or the table does; the headers above are a part of it.
inline constexpr int kApiVersion = 2;

enum class ErrorKind : int32_t {
  kNone,
  kOutOfMemory,
  kDeviceLost,  // every later call of the process fails, too
  kOther,
};

// What came of a call. `text` is valid for ever, and null where nothing went wrong.
struct Error {
  ErrorKind kind;
  const char* text;
};

struct DeviceInfo {
  int32_t ordinal = 0;  // as the driver counts
  char name[256] = {};
  int32_t compute_capability = 0;  // 10 * major + minor
  int32_t shared_bytes = 0;        // a block may have
  int32_t cluster_blocks = 1;      // a cluster may have; 1 where there are none
  int64_t memory_bytes = 0;
};

enum class HalfType : int32_t { kBFloat16, kFloat16 };

// A CUDA stream as the runtime's C interface has it.
using StreamHandle = void*;

struct DeviceStream {
  int32_t ordinal;  // of its device
  StreamHandle stream;
};

// Put kernels into the stream and return at once; the stream may be in capture. The calling
// thread's current device becomes the stream's.
template <class Half>
struct KernelApi {
  Error (*diffuse)(DeviceStream stream, const AttentionCall<Half>* call);
  Error (*diffuse_first_tokens)(DeviceStream stream, const AttentionCall<Half>* call);
  Error (*normalize_embeddings)(DeviceStream stream, const EmbeddingLayerNormArgs<Half>* args,
                                int32_t tokens);
  Error (*add_and_normalize)(DeviceStream stream, const ResidualLayerNormArgs<Half>* args,
                             int32_t rows);
  Error (*activate)(DeviceStream stream, const BiasActivationArgs<Half>* args);
};

struct Api {
  int32_t version;  // kApiVersion of the library
  // Devices that the driver shows; an error where there is no driver.
  Error (*count_devices)(int32_t* count);
  // An error where the kernels cannot run on that device.
  Error (*describe_device)(int32_t ordinal, DeviceInfo* info);
  // Copies from host memory to a new block of the device's, which free_memory gives back.
  Error (*upload)(int32_t ordinal, const void* from, int64_t bytes, void** memory);
  void (*free_memory)(int32_t ordinal, void* memory);
  // Waits for all that the device was given.
  Error (*check_device)(int32_t ordinal);
  KernelApi<BFloat16> bfloat16;
  KernelApi<Float16> float16;
};

inline constexpr char kApiSymbol[] = "diffuser_cuda_api";
using GetApi = const Api* (*)();

}  // namespace diffuser::kernels::cuda

#endif  // DIFFUSER_MODEL_KERNELS_CUDA_C_API_H_
