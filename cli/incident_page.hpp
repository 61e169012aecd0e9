// One incident as a page for a person at 3 a.m.: what, since when, who did it and why, what next.
#pragma once

#include "cli/terminal.hpp"
#include "model/time.hpp"

#include <boost/json/fwd.hpp>

#include <cstddef>
#include <cstdint>
#include <string>

namespace nocturne::cli {

struct PageOptions {
    enum class Length : std::uint8_t {
        Block,
        Whole
    };  // a block among many, or the page with what to type next

    model::Time now = model::kNoTime;  // what "3m ago" counts from
    Palette palette;
    std::size_t width = 0;  // of the terminal; 0: no limit
    Length length = Length::Whole;
};

// `incident` is the contract's JSON of an incident. Same input, same bytes.
std::string render_incident_page(const boost::json::value& incident, const PageOptions& options);

// "orders-db  ███░░  71 %" with its evidence below, one suspect a line, at most `suspects_max`.
std::string render_suspects(const boost::json::array& suspects, std::size_t suspects_max,
                            const PageOptions& options);

}  // namespace nocturne::cli
