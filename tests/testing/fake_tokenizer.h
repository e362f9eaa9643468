#ifndef DIFFUSER_TESTS_TESTING_FAKE_TOKENIZER_H_
#define DIFFUSER_TESTS_TESTING_FAKE_TOKENIZER_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model/tokenizer/tokenizer.h"

namespace diffuser::testing {

// One token a word (what stands between spaces and newlines), with the blank before it, as
// byte-level BPE has it; ids from 3 to vocab_size - 1 by the word's bytes; <s> (0) before and </s>
// (2) after. A text with the byte 0xFF is no UTF-8.
class FakeTokenizer final : public tokenizer::Tokenizer {
 public:
  explicit FakeTokenizer(int vocab_size = 1000) : vocab_size_(vocab_size) {}

  int vocab_size() const override { return vocab_size_; }

  int32_t WordId(std::string_view word) const {
    uint32_t hash = 17;
    for (const char c : word) hash = hash * 31 + static_cast<unsigned char>(c);
    return static_cast<int32_t>(3 + hash % static_cast<uint32_t>(vocab_size_ - 3));
  }

  absl::StatusOr<tokenizer::Encoding> Encode(std::string_view text) const override {
    if (text.find('\xff') != std::string_view::npos) {
      return absl::InvalidArgumentError("no UTF-8 at byte 0");
    }
    tokenizer::Encoding encoding{.ids = {0}, .offsets = {{}}, .prefix = 1, .suffix = 1};
    size_t at = 0;
    while ((at = text.find_first_not_of(" \n", at)) != std::string_view::npos) {
      const size_t end = std::min(text.find_first_of(" \n", at), text.size());
      const size_t begin = at > 0 && text[at - 1] == ' ' ? at - 1 : at;
      encoding.ids.push_back(WordId(text.substr(at, end - at)));
      encoding.offsets.push_back({static_cast<int64_t>(begin), static_cast<int64_t>(end)});
      at = end;
    }
    encoding.ids.push_back(2);
    encoding.offsets.push_back({});
    return encoding;
  }

 private:
  const int vocab_size_;
};

}  // namespace diffuser::testing

#endif  // DIFFUSER_TESTS_TESTING_FAKE_TOKENIZER_H_
