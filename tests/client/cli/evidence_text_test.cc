#include "client/cli/evidence_text.h"

#include <gtest/gtest.h>

#include "client/cli/text.h"

namespace diffuser::cli {
namespace {

v1::Evidence Piece(absl::string_view text, absl::string_view piece, float weight) {
  v1::Evidence evidence;
  evidence.set_begin_byte(text.find(piece));
  evidence.set_end_byte(text.find(piece) + piece.size());
  evidence.set_begin_token(3);
  evidence.set_end_token(9);
  evidence.set_weight(weight);
  return evidence;
}

const char kText[] = "Es schneite in Zürich. Die Aktie fiel um 12 Prozent. Niemand kaufte.";
const char kPiece[] = "Die Aktie fiel um 12 Prozent.";

TEST(EvidenceLine, MarksThePieceInItsSurroundings) {
  EXPECT_EQ(EvidenceLine(kText, Piece(kText, kPiece, 0.4217F), {.context = 8}),
            " 42.2%  …Zürich. «Die Aktie fiel um 12 Prozent.» Niemand…");
}

TEST(EvidenceLine, ShowsNoEllipsisWhereTheTextEnds) {
  EXPECT_EQ(EvidenceLine(kText, Piece(kText, kPiece, 1), {.context = 100}),
            "100.0%  Es schneite in Zürich. «Die Aktie fiel um 12 Prozent.» Niemand kaufte.");
  EXPECT_EQ(EvidenceLine(kText, Piece(kText, kText, 1), {}),
            "100.0%  «" + std::string(kText) + "»");
}

TEST(EvidenceLine, UsesColorsInsteadOfMarksIfAsked) {
  const std::string line = EvidenceLine(kText, Piece(kText, kPiece, 0.5F), {.color = true});
  EXPECT_NE(line.find("\x1b[1;33m" + std::string(kPiece) + "\x1b[0m"), std::string::npos) << line;
  EXPECT_EQ(line.find("«"), std::string::npos);
  EXPECT_EQ(line.substr(line.size() - 4), "\x1b[0m");
}

TEST(EvidenceLine, LeavesOutTheMiddleOfALongPiece) {
  const std::string text(10'000, 'x');
  const std::string line = EvidenceLine(text, Piece(text, text, 0.5F), {.longest = 20});
  EXPECT_EQ(line, " 50.0%  «xxxxxxxxxx … xxxxxxxxxx»");
}

TEST(EvidenceLine, KeepsToOneLineWhateverTheTextHolds) {
  const std::string text = "first\nsecond\x1b[2J\nthird";
  EXPECT_EQ(EvidenceLine(text, Piece(text, "second\x1b[2J", 0.5F), {}),
            " 50.0%  first «second [2J» third");
}

TEST(EvidenceLine, NamesTheTokensWhereThereIsNoText) {
  EXPECT_EQ(EvidenceLine("", Piece("abc", "b", 0.5F), {}), " 50.0%  tokens 3 to 9");
}

TEST(EvidenceLine, TrustsNoRangeOutsideTheText) {
  v1::Evidence evidence = Piece(kText, kPiece, 0.5F);
  evidence.set_end_byte(sizeof kText + 100);
  EXPECT_EQ(EvidenceLine(kText, evidence, {}), " 50.0%  tokens 3 to 9");
  evidence.set_begin_byte(~uint64_t{0});
  EXPECT_EQ(EvidenceLine(kText, evidence, {}), " 50.0%  tokens 3 to 9");
}

TEST(EvidenceLine, StaysUtf8WhereARangeCutsACodePoint) {
  const std::string text = "aüb";
  v1::Evidence evidence;
  evidence.set_begin_byte(2);
  evidence.set_end_byte(4);
  EXPECT_EQ(FindInvalidUtf8(EvidenceLine(text, evidence, {})), std::nullopt);
}

}  // namespace
}  // namespace diffuser::cli
