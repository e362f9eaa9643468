#include "model/tokenizer/tokenizer.h"

#include <cstddef>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "model/tokenizer/crate/diffuser_tokenizer.h"

namespace diffuser::tokenizer {
namespace {

struct Free {
  void operator()(diffuser_tokenizer* handle) const { diffuser_tokenizer_free(handle); }
  void operator()(diffuser_encoding* handle) const { diffuser_encoding_free(handle); }
};
using TokenizerHandle = std::unique_ptr<diffuser_tokenizer, Free>;
using EncodingHandle = std::unique_ptr<diffuser_encoding, Free>;

class CrateTokenizer final : public Tokenizer {
 public:
  explicit CrateTokenizer(TokenizerHandle handle)
      : handle_(std::move(handle)), info_(diffuser_tokenizer_describe(handle_.get())) {}

  int vocab_size() const override { return static_cast<int>(info_.vocab_size); }

  absl::StatusOr<Encoding> Encode(std::string_view text) const override {
    diffuser_encoding* out = nullptr;
    const auto status = diffuser_tokenizer_encode(handle_.get(), text.data(), text.size(), &out);
    const EncodingHandle encoding(out);
    switch (status) {
      case DIFFUSER_TOKENIZER_OK:
        return Copy(*encoding);
      case DIFFUSER_TOKENIZER_INVALID_UTF8:
        return absl::InvalidArgumentError(
            absl::StrCat("the text is not valid UTF-8: ", diffuser_tokenizer_last_error()));
      case DIFFUSER_TOKENIZER_FAILED:
        break;
    }
    return absl::InternalError(absl::StrCat("cannot tokenize: ", diffuser_tokenizer_last_error()));
  }

 private:
  Encoding Copy(const diffuser_encoding& from) const {
    Encoding encoding;
    encoding.prefix = static_cast<int>(info_.prefix);
    encoding.suffix = static_cast<int>(info_.suffix);
    encoding.ids.assign(from.ids, from.ids + from.length);
    encoding.offsets.reserve(from.length);
    for (size_t i = 0; i < from.length; ++i) {
      encoding.offsets.push_back(
          {static_cast<int64_t>(from.offsets[i].begin), static_cast<int64_t>(from.offsets[i].end)});
    }
    return encoding;
  }

  TokenizerHandle handle_;
  diffuser_tokenizer_info info_;
};

absl::StatusOr<std::unique_ptr<const Tokenizer>> Wrap(diffuser_tokenizer* loaded) {
  if (loaded == nullptr) return absl::InvalidArgumentError(diffuser_tokenizer_last_error());
  return std::make_unique<const CrateTokenizer>(TokenizerHandle(loaded));
}

bool IsThere(const std::filesystem::path& path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored);
}

}  // namespace

absl::StatusOr<std::unique_ptr<const Tokenizer>> Tokenizer::Load(const std::string& dir) {
  const std::filesystem::path folder(dir);
  const std::filesystem::path json = folder / "tokenizer.json";
  if (IsThere(json)) return Wrap(diffuser_tokenizer_load_json(json.c_str()));

  const std::filesystem::path vocab = folder / "vocab.json";
  const std::filesystem::path merges = folder / "merges.txt";
  if (!IsThere(vocab) && !IsThere(merges)) {
    return absl::NotFoundError(
        absl::StrCat(dir, ": there is neither tokenizer.json nor vocab.json with merges.txt"));
  }
  return Wrap(diffuser_tokenizer_load_bpe(vocab.c_str(), merges.c_str()));
}

}  // namespace diffuser::tokenizer
