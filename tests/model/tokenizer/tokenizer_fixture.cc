#include "tests/model/tokenizer/tokenizer_fixture.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gtest/gtest.h"

namespace diffuser::tokenizer {
namespace {

bool IsContinuation(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

bool IsBoundary(std::string_view text, int64_t at) {
  return at == static_cast<int64_t>(text.size()) || !IsContinuation(text[at]);
}

void AppendUtf8(uint32_t point, std::string& text) {
  const auto low_bits = [&](int shift) {
    return static_cast<char>(0x80 | (point >> shift & 0x3F));
  };
  if (point < 0x80) {
    text += static_cast<char>(point);
  } else if (point < 0x800) {
    text += {static_cast<char>(0xC0 | point >> 6), low_bits(0)};
  } else if (point < 0x10000) {
    text += {static_cast<char>(0xE0 | point >> 12), low_bits(6), low_bits(0)};
  } else {
    text += {static_cast<char>(0xF0 | point >> 18), low_bits(12), low_bits(6), low_bits(0)};
  }
}

std::string WithoutSpaces(std::string text) {
  absl::StrReplaceAll({{" ", ""}, {"\t", ""}, {"\n", ""}, {"\r", ""}, {"\f", ""}, {"\v", ""}},
                      &text);
  absl::StrReplaceAll({{"\u00A0", ""}, {"\u2003", ""}, {"\u2028", ""}, {"\u3000", ""}}, &text);
  return text;
}

}  // namespace

void WriteVocabAndMerges(const std::string& tokenizer_json, const TemporaryFolder& to) {
  const auto model = nlohmann::json::parse(tokenizer_json).at("model");
  std::string merges = "#version: 0.2\n";
  for (const auto& merge : model.at("merges")) {
    const bool joined = merge.is_string();
    absl::StrAppend(
        &merges,
        joined ? merge.get<std::string>()
               : absl::StrCat(merge[0].get<std::string>(), " ", merge[1].get<std::string>()),
        "\n");
  }
  to.Write("vocab.json", model.at("vocab").dump());
  to.Write("merges.txt", merges);
}

std::unique_ptr<const Tokenizer> MustLoad(const std::string& dir) {
  auto loaded = Tokenizer::Load(dir);
  if (!loaded.ok()) {
    ADD_FAILURE() << loaded.status();
    return nullptr;
  }
  return *std::move(loaded);
}

Encoding MustEncode(const Tokenizer& tokenizer, std::string_view text) {
  auto encoding = tokenizer.Encode(text);
  if (!encoding.ok()) {
    ADD_FAILURE() << encoding.status() << " for: " << text;
    return {};
  }
  return *std::move(encoding);
}

std::string RandomText(std::mt19937& random, int pieces) {
  static constexpr std::array<std::pair<uint32_t, uint32_t>, 10> kScripts = {{{0x00, 0x1F},
                                                                              {'!', '~'},
                                                                              {0xA1, 0x24F},
                                                                              {0x300, 0x36F},
                                                                              {0x400, 0x4FF},
                                                                              {0x5D0, 0x64A},
                                                                              {0x3041, 0x30FF},
                                                                              {0x4E00, 0x9FFF},
                                                                              {0xAC00, 0xD7A3},
                                                                              {0x1F300, 0x10FFFF}}};
  static constexpr std::array<std::string_view, 14> kPieces = {
      "the",  " parcel", "'s ",    "   ",          "\u00A0", "\u2003\u2028", "\u3000",
      "\r\n", "<s>",     "<mask>", "\u3000<mask>", " </s>",  "<pad",         "\u200D"};
  const auto below = [&](size_t n) {
    return std::uniform_int_distribution<size_t>(0, n - 1)(random);
  };
  std::string text;
  for (size_t left = below(pieces + 1); left > 0; --left) {
    if (below(2) == 0) {
      text += kPieces[below(kPieces.size())];
    } else {
      const auto [first, last] = kScripts[below(kScripts.size())];
      AppendUtf8(static_cast<uint32_t>(first + below(last - first + 1)), text);
    }
  }
  return text;
}

void ExpectRangesCover(std::string_view text, const Encoding& encoding) {
  SCOPED_TRACE(text);
  ASSERT_EQ(encoding.ids.size(), encoding.offsets.size());
  const size_t own_end = encoding.offsets.size() - encoding.suffix;
  std::vector<bool> covered(text.size(), false);
  ByteRange before;
  for (size_t i = encoding.prefix; i < own_end; ++i) {
    const ByteRange range = encoding.offsets[i];
    ASSERT_LE(before.begin, range.begin);
    ASSERT_LE(before.end, range.end);
    ASSERT_LE(range.begin, range.end);
    ASSERT_LE(range.end, static_cast<int64_t>(text.size()));
    EXPECT_TRUE(IsBoundary(text, range.begin) && IsBoundary(text, range.end)) << "token " << i;
    std::fill(covered.begin() + range.begin, covered.begin() + range.end, true);
    before = range;
  }
  std::string rest;
  for (size_t i = 0; i < text.size(); ++i) {
    if (!covered[i]) rest += text[i];
  }
  EXPECT_EQ(WithoutSpaces(rest), "");
}

}  // namespace diffuser::tokenizer
