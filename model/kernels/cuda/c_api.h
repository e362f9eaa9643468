#ifndef DIFFUSER_MODEL_KERNELS_CUDA_C_API_H_
#define DIFFUSER_MODEL_KERNELS_CUDA_C_API_H_

#include <cstdint>

#include "model/kernels/cuda/layout.h"

// What libdiffuser_cuda.so offers: one C symbol, which gives a table of functions over plain
// structs. The library holds the kernels and the CUDA runtime, and is opened only where a CUDA
// device is asked for (cuda_library.h); nothing else of the project links it.
//
// Every function returns null, or what went wrong: a text that is valid until the thread's next
// call. Pointers in arguments are to host memory unless it is said otherwise.
namespace diffuser::kernels::cuda {

// Changes whenever a struct or the table does; layout.h is a part of it.
inline constexpr int kApiVersion = 1;

struct DeviceInfo {
  int32_t ordinal;  // as the driver counts
  char name[256];
  int32_t compute_capability;  // 10 * major + minor
  int32_t shared_bytes;        // a block may have
  int32_t cluster_blocks;      // a cluster may have; 1 where there are none
  int64_t memory_bytes;
};

enum class HalfType : int32_t { kBFloat16, kFloat16 };

struct GraphCopy {
  GraphView view;
  int32_t nodes;
  int32_t globals;
  int32_t groups;
};

// A BatchPlan.
struct BatchCopy {
  BatchView view;
  const int32_t* hop_order;          // [documents]
  const int32_t* first_token_order;  // [documents]
  const DocumentsLaunch* hops;
  const DocumentsLaunch* first_tokens;
  int32_t hop_launches;
  int32_t first_token_launches;
  int64_t tiles, groups, chunks;
};

// One call of AttentionKernels.
struct AttentionCall {
  BatchCopy batch;
  int32_t heads, head_dim, hops;
  float alpha;
  const float* q;  // as in QkvView
  const float* k;
  const float* v;
  int64_t row_stride;
  int32_t first_tokens;  // not 0: of every document's first token alone
  float* out;            // [T, H * D], or [documents, H * D]
  float* evidence;       // [T], or null
};

// A graph on a device, and the memory that calls work in, which grows as they need it.
class Context;

struct Api {
  int32_t version;  // kApiVersion of the library
  // Devices that the driver shows; an error where there is no driver.
  const char* (*count_devices)(int32_t* count);
  // An error where the kernels cannot run on that device.
  const char* (*describe_device)(int32_t ordinal, DeviceInfo* info);
  const char* (*make_context)(int32_t ordinal, const GraphCopy* graph, HalfType type,
                              Context** context);
  void (*free_context)(Context* context);
  // Blocks until the answers are there; one call of a context at a time.
  const char* (*compute_attention)(Context* context, const AttentionCall* call);
};

inline constexpr char kApiSymbol[] = "diffuser_cuda_api";
using GetApi = const Api* (*)();

}  // namespace diffuser::kernels::cuda

#endif  // DIFFUSER_MODEL_KERNELS_CUDA_C_API_H_
