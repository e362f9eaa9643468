#ifndef DIFFUSER_SERVER_CONFIG_SERVER_OPTIONS_H_
#define DIFFUSER_SERVER_CONFIG_SERVER_OPTIONS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace diffuser::config {

// One --model: NAME[@VERSION]=DIR.
struct ModelOption {
  std::string name;
  std::string version;  // "1" where none is given
  std::string directory;
  std::string precision = "";  // as ServerOptions::precision; "": that one
};

enum class LogLevel { kDebug, kInfo, kWarning, kError };

enum class DeviceFailure { kExit, kReload };

// The server's settings, checked, with every default filled in. server_config.proto says what each
// is for.
struct ServerOptions {
  std::vector<ModelOption> models;  // at least one; no two of the same name and version
  std::string listen;               // HOST:PORT
  std::string metrics_listen;       // HOST:PORT
  std::string device;               // as model::FindDevices takes it
  std::string precision;            // "auto", "float32", "bfloat16", "float16" or "int8"

  int max_batch_tokens = 0;
  int max_batch_documents = 0;
  absl::Duration max_batch_delay;
  int64_t max_queue_tokens = 0;  // >= max_batch_tokens
  int64_t max_queue_documents = 0;

  int compute_threads = 0;    // >= 1
  int tokenizer_threads = 0;  // >= 1

  int max_message_bytes = 0;
  int max_batch_documents_per_call = 0;
  int max_stream_documents = 0;

  DeviceFailure on_device_failure = DeviceFailure::kExit;
  absl::Duration drain_timeout;
  LogLevel log_level = LogLevel::kInfo;
};

}  // namespace diffuser::config

#endif  // DIFFUSER_SERVER_CONFIG_SERVER_OPTIONS_H_
