#ifndef DIFFUSER_CLIENT_CLI_ARRIVALS_H_
#define DIFFUSER_CLIENT_CLI_ARRIVALS_H_

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "diffuser/v1/classification.pb.h"

namespace diffuser::cli {

// When documents arrive, as times since the start. The same seed gives the same times.
class ArrivalSchedule {
 public:
  // `rate` documents a second, above 0. Poisson: independent, exponentially distributed gaps, as
  // many unrelated callers make them; else equal gaps, the first document at 0.
  ArrivalSchedule(double rate, bool poisson, uint64_t seed);

  // The next arrival; never before the last one.
  absl::Duration Next();

 private:
  const double rate_;
  const bool poisson_;
  std::mt19937_64 generator_;
  int64_t count_ = 0;
  double seconds_ = 0;
};

// A distribution of document lengths in tokens.
class LengthMix {
 public:
  // Reads "128:0.5,1024:0.3,4096:0.2": lengths with their weights, which need not sum to 1; a
  // length alone has weight 1. Errors: INVALID_ARGUMENT, naming the part that is wrong.
  static absl::StatusOr<LengthMix> Parse(absl::string_view text);

  // The length at `uniform` in [0, 1) of the distribution.
  uint32_t Draw(double uniform) const;

 private:
  struct Part {
    uint32_t tokens;
    double end;  // the weights up to here, of those of all
  };
  std::vector<Part> parts_;
};

// Documents of random token ids.
class RandomDocuments {
 public:
  // Ids are drawn from [5, vocab_size): below are the special tokens of RoBERTa's kind.
  // REQUIRES: vocab_size > 5.
  RandomDocuments(LengthMix mix, uint32_t vocab_size, uint64_t seed);

  v1::Document Next();

 private:
  const LengthMix mix_;
  const uint32_t vocab_size_;
  std::mt19937_64 generator_;
};

}  // namespace diffuser::cli

#endif  // DIFFUSER_CLIENT_CLI_ARRIVALS_H_
