#include "cli/tree.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace nocturne::cli {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::string plain(const std::string& node, const std::string& leaf) {
    return leaf.empty() ? node : node + ": " + leaf;
}

TEST(Tree, MergesCommonBeginnings) {
    const std::vector<std::string> lines = draw_tree({{{"db", "orders", "checkout"}, "latency"},
                                                      {{"db", "orders", "front"}, "errors"},
                                                      {{"db", "catalogue"}, "latency"},
                                                      {{"db"}, "lock_wait"}},
                                                     plain);

    EXPECT_THAT(lines, ElementsAre("db: lock_wait",            //
                                   "├─ orders",                //
                                   "│  ├─ checkout: latency",  //
                                   "│  └─ front: errors",      //
                                   "└─ catalogue: latency"));
}

TEST(Tree, SaysEachSymptomOfNodeOnce) {
    EXPECT_THAT(draw_tree({{{"a", "b"}, "x"}, {{"a", "b"}, "y"}, {{"a", "b"}, "x"}}, plain),
                ElementsAre("a", "└─ b: x, y"));
}

TEST(Tree, WithoutPathsIsEmpty) {
    EXPECT_THAT(draw_tree({}, plain), IsEmpty());
    EXPECT_THAT(draw_tree({{{}, "x"}}, plain), IsEmpty());
}

}  // namespace
}  // namespace nocturne::cli
