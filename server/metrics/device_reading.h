#ifndef DIFFUSER_SERVER_METRICS_DEVICE_READING_H_
#define DIFFUSER_SERVER_METRICS_DEVICE_READING_H_

#include <optional>

#include "model/classifier.h"

namespace diffuser::metrics {

// A device that models compute on, as of one moment.
struct DeviceReading {
  int batches_in_flight = 0;
  std::optional<model::DeviceMemory> memory;  // none where it is not to be had
};

}  // namespace diffuser::metrics

#endif  // DIFFUSER_SERVER_METRICS_DEVICE_READING_H_
