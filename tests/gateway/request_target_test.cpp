#include "gateway/request_target.hpp"

#include <gmock/gmock.h>

namespace nocturne::gateway {

using testing::ElementsAre;
using testing::Pair;

TEST(Target, IsDecodedAfterItWasSplit) {
    const Result<Target> target =
        parse_target("/api//v1/impact/a%2Fb+c?filter=a%3D%22x+y%22&all&limit=1&limit=2#part");

    ASSERT_TRUE(target);
    EXPECT_THAT(target->path, ElementsAre("api", "v1", "impact", "a/b+c"));
    EXPECT_THAT(target->query, ElementsAre(Pair("filter", "a=\"x y\""), Pair("all", ""),
                                           Pair("limit", "1"), Pair("limit", "2")));
    EXPECT_EQ(target->find("limit"), "2");
    EXPECT_EQ(target->find("offset"), std::nullopt);
}

TEST(Target, IsRefusedWhenItIsBroken) {
    for (const char* text : {"", "*", "api", "/%", "/%2", "/%zz", "/a?b=%f"}) {
        EXPECT_FALSE(parse_target(text)) << text;
    }
}

}  // namespace nocturne::gateway
