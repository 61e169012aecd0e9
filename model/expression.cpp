#include "model/expression.hpp"

#include <re2/re2.h>

#include <utility>

namespace nocturne::model {

namespace {

constexpr std::int64_t kExpressionMemoryMax = 8 << 20;  // RE2's own default, said aloud

}  // namespace

Result<Expression> Expression::make(std::string text) {
    re2::RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(kExpressionMemoryMax);
    auto compiled = std::make_shared<const re2::RE2>(text, options);
    if (!compiled->ok()) {
        return fail(ErrorCode::Invalid, "expression \"" + text + "\": " + compiled->error());
    }
    const auto groups = static_cast<std::size_t>(compiled->NumberOfCapturingGroups());
    if (groups > kGroupsMax) {
        return fail(ErrorCode::Invalid, "expression \"" + text + "\" has " +
                                            std::to_string(groups) + " groups, at most " +
                                            std::to_string(kGroupsMax) + " are allowed");
    }
    Expression expression;
    expression.groups_.resize(groups);
    for (const auto& [number, name] : compiled->CapturingGroupNames()) {
        expression.groups_[static_cast<std::size_t>(number) - 1] = name;
    }
    expression.text_ = std::move(text);
    expression.expression_ = std::move(compiled);
    return expression;
}

bool Expression::is_in(std::string_view text) const {
    return re2::RE2::PartialMatch(text, *expression_);
}

bool Expression::find(std::string_view text, std::vector<std::string_view>& captured) const {
    re2::StringPiece pieces[kGroupsMax + 1];
    const std::size_t count = groups_.size() + 1;
    if (!expression_->Match(text, 0, text.size(), re2::RE2::UNANCHORED, pieces,
                            static_cast<int>(count))) {
        return false;
    }
    captured.clear();
    for (std::size_t i = 1; i < count; ++i) {
        captured.emplace_back(pieces[i].data() == nullptr
                                  ? std::string_view()
                                  : std::string_view(pieces[i].data(), pieces[i].size()));
    }
    return true;
}

bool Expression::find_piece(std::string_view text, std::size_t start,
                            std::string_view& piece) const {
    re2::StringPiece found;
    if (start > text.size() ||
        !expression_->Match(text, start, text.size(), re2::RE2::UNANCHORED, &found, 1)) {
        return false;
    }
    piece = text.substr(static_cast<std::size_t>(found.data() - text.data()), found.size());
    return true;
}

}  // namespace nocturne::model
