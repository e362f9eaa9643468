#include "client/cli/arrivals.h"

#include <cmath>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace diffuser::cli {
namespace {

constexpr uint32_t kFirstOrdinaryId = 5;

// In [0, 1), with all 53 bits of a double.
double Uniform(std::mt19937_64& generator) {
  return static_cast<double>(generator() >> 11) * 0x1p-53;
}

}  // namespace

ArrivalSchedule::ArrivalSchedule(double rate, bool poisson, uint64_t seed)
    : rate_(rate), poisson_(poisson), generator_(seed) {}

absl::Duration ArrivalSchedule::Next() {
  if (poisson_) {
    seconds_ -= std::log1p(-Uniform(generator_)) / rate_;
  } else {
    seconds_ = static_cast<double>(count_++) / rate_;
  }
  return absl::Seconds(seconds_);
}

absl::StatusOr<LengthMix> LengthMix::Parse(absl::string_view text) {
  LengthMix mix;
  double total = 0;
  for (absl::string_view part : absl::StrSplit(text, ',')) {
    const std::pair<absl::string_view, absl::string_view> fields =
        absl::StrSplit(part, absl::MaxSplits(':', 1));
    uint32_t tokens = 0;
    double weight = 1;
    const bool weighted = part.find(':') != absl::string_view::npos;
    if (!absl::SimpleAtoi(fields.first, &tokens) || tokens == 0 ||
        (weighted && !absl::SimpleAtod(fields.second, &weight)) || !(weight > 0) ||
        std::isinf(weight)) {
      return absl::InvalidArgumentError(
          absl::StrCat("\"", part, "\" is no LENGTH:WEIGHT such as 1024:0.3"));
    }
    total += weight;
    mix.parts_.push_back({tokens, total});
  }
  for (Part& part : mix.parts_) part.end /= total;
  return mix;
}

uint32_t LengthMix::Draw(double uniform) const {
  for (const Part& part : parts_) {
    if (uniform < part.end) return part.tokens;
  }
  return parts_.back().tokens;
}

RandomDocuments::RandomDocuments(LengthMix mix, uint32_t vocab_size, uint64_t seed)
    : mix_(std::move(mix)), vocab_size_(vocab_size), generator_(seed) {}

v1::Document RandomDocuments::Next() {
  v1::Document document;
  auto& ids = *document.mutable_token_ids()->mutable_ids();
  const uint32_t tokens = mix_.Draw(Uniform(generator_));
  ids.Reserve(static_cast<int>(tokens));
  for (uint32_t i = 0; i < tokens; ++i) {
    const double share = Uniform(generator_);
    ids.Add(kFirstOrdinaryId + static_cast<uint32_t>(share * (vocab_size_ - kFirstOrdinaryId)));
  }
  return document;
}

}  // namespace diffuser::cli
