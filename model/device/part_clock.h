#ifndef DIFFUSER_MODEL_DEVICE_PART_CLOCK_H_
#define DIFFUSER_MODEL_DEVICE_PART_CLOCK_H_

#include <functional>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "model/device/runtime.h"

namespace diffuser::device {

// Measures the parts of one batch's work in a stream, by events between them:
//
//   PartClock clock(stream);
//   ...                        // work that is put into the stream
//   clock.Count("embeddings");  // was the embeddings'
//   stream.Synchronize();
//   clock.Report(on_device_part);
class PartClock {
 public:
  explicit PartClock(Stream& stream) : stream_(stream), begin_(stream.Mark()) {}

  // What was put into the stream since the call before, or since construction, was that part's.
  // REQUIRES: the name is a literal.
  void Count(std::string_view part) { ends_.emplace_back(part, stream_.Mark()); }

  // Tells the seconds of each part, summed up. REQUIRES: the stream has been synchronised.
  void Report(const std::function<void(std::string_view, double)>& report) const;

 private:
  Stream& stream_;
  std::unique_ptr<Timestamp> begin_;
  std::vector<std::pair<std::string_view, std::unique_ptr<Timestamp>>> ends_;
};

}  // namespace diffuser::device

#endif  // DIFFUSER_MODEL_DEVICE_PART_CLOCK_H_
