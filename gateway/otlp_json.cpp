#include "gateway/json_items.hpp"
#include "gateway/span_attributes.hpp"
#include "gateway/span_pairs.hpp"

#include <boost/json.hpp>

#include <optional>

namespace nocturne::gateway {

namespace json = boost::json;

namespace {

constexpr std::size_t kDepthMax = 64;

std::optional<std::string> bytes_of_hex(std::string_view hex) {
    const auto digit = [](char byte) {
        return byte >= '0' && byte <= '9'   ? byte - '0'
               : byte >= 'a' && byte <= 'f' ? byte - 'a' + 10
               : byte >= 'A' && byte <= 'F' ? byte - 'A' + 10
                                            : -1;
    };
    std::string bytes;
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
        const int high = digit(hex[i]);
        const int low = digit(hex[i + 1]);
        if (high < 0 || low < 0) {
            return std::nullopt;
        }
        bytes += static_cast<char>(high * 16 + low);
    }
    return hex.size() % 2 == 0 ? std::optional(bytes) : std::nullopt;
}

// Only texts tell names.
template <typename Take>
void each_attribute(const json::object& holder, Take take) {
    const json::array* attributes = json_array(holder, "attributes");
    if (attributes == nullptr) {
        return;
    }
    for (const json::value& value : *attributes) {
        const json::object* attribute = value.if_object();
        const json::object* any = attribute != nullptr ? json_object(*attribute, "value") : nullptr;
        if (any != nullptr) {
            const std::string_view text = json_text(*any, "stringValue");
            if (!text.empty()) {
                take(json_text(*attribute, "key"), text);
            }
        }
    }
}

class SpanReader {
   public:
    SpanBatch read(const json::object& root) {
        each(root, "resourceSpans", "", [&](const json::object& group, const std::string& path) {
            SpanResource resource;
            if (const json::object* object = json_object(group, "resource")) {
                each_attribute(*object, [&](std::string_view key, std::string_view value) {
                    resource.take(key, value);
                });
            }
            each(group, "scopeSpans", path, [&](const json::object& scope, const std::string& at) {
                each(scope, "spans", at, [&](const json::object& span, const std::string& place) {
                    take(span, resource, place);
                });
            });
        });
        return std::move(batch_);
    }

   private:
    template <typename Visit>
    void each(const json::object& holder, std::string_view key, const std::string& path,
              Visit visit) {
        const json::array* list = json_array(holder, key);
        if (list == nullptr) {
            return;
        }
        for (std::size_t i = 0; i < list->size(); ++i) {
            const std::string place =
                path + (path.empty() ? "" : ".") + std::string(key) + "[" + std::to_string(i) + "]";
            if (const json::object* object = (*list)[i].if_object()) {
                visit(*object, place);
            } else {
                reject(place + ": expected an object");
            }
        }
    }

    void reject(std::string error) {
        if (batch_.rejected++ == 0) {
            batch_.first_error = std::move(error);
        }
    }

    void take(const json::object& object, const SpanResource& resource, const std::string& path) {
        const std::optional<std::string> trace = bytes_of_hex(json_text(object, "traceId"));
        const std::optional<std::string> id = bytes_of_hex(json_text(object, "spanId"));
        const std::optional<std::string> parent = bytes_of_hex(json_text(object, "parentSpanId"));
        if (!trace || trace->size() != 16) {
            reject(path + ".traceId: expected 32 hex digits");
        } else if (!id || id->size() != 8) {
            reject(path + ".spanId: expected 16 hex digits");
        } else if (!parent || (!parent->empty() && parent->size() != 8)) {
            reject(path + ".parentSpanId: expected 16 hex digits, or none");
        } else if (resource.service.empty()) {
            reject(path + ": its resource has no service.name");
        } else {
            Span& span = batch_.spans.emplace_back();
            span.trace_id = *trace;
            span.span_id = *id;
            span.parent_id = *parent;
            span.kind = kind_of(object);
            resource.give(span);
            each_attribute(object, [&](std::string_view key, std::string_view value) {
                take_attribute(span, key, value);
            });
        }
    }

    // A number; some exporters write the name.
    static Span::Kind kind_of(const json::object& object) {
        const json::value* kind = object.if_contains("kind");
        if (kind != nullptr && kind->is_int64() && kind->get_int64() >= 0 &&
            kind->get_int64() <= 5) {
            return static_cast<Span::Kind>(kind->get_int64());
        }
        const std::string_view name = json_text(object, "kind");
        static constexpr std::array<std::string_view, 6> kNames{
            "SPAN_KIND_UNSPECIFIED", "SPAN_KIND_INTERNAL", "SPAN_KIND_SERVER",
            "SPAN_KIND_CLIENT",      "SPAN_KIND_PRODUCER", "SPAN_KIND_CONSUMER"};
        for (std::size_t i = 0; i < kNames.size(); ++i) {
            if (name == kNames[i]) {
                return static_cast<Span::Kind>(i);
            }
        }
        return Span::Kind::Unspecified;
    }

    SpanBatch batch_;
};

}  // namespace

Result<SpanBatch> decode_spans_json(std::string_view text) {
    json::parse_options options;
    options.max_depth = kDepthMax;
    boost::system::error_code error;
    const json::value value = json::parse({text.data(), text.size()}, error, {}, options);
    if (error) {
        return fail(ErrorCode::Invalid, "not valid JSON: " + error.message());
    }
    const json::object* root = value.if_object();
    if (root == nullptr) {
        return fail(ErrorCode::Invalid,
                    "expected an object with resourceSpans, as OTLP/HTTP sends it");
    }
    return SpanReader().read(*root);
}

TopologyDocument read_otlp_topology(std::string_view text, const std::string& file,
                                    model::Time now) {
    TopologyDocument document;
    SpanLimits limits;
    limits.waiting_max = 2'000'000;  // a file is read at once: nothing of it is late
    SpanPairs pairs(limits);
    for_each_json_item(text, file, "", document, [&](const JsonItem& item) {
        const SpanBatch batch = SpanReader().read(item.value);
        if (batch.rejected > 0) {
            document.is_whole = false;
            document.report(file, item.line, item.path,
                            std::to_string(batch.rejected) +
                                " spans are left out; the first: " + batch.first_error);
        }
        for (const Span& span : batch.spans) {
            pairs.take(span, now);
        }
    });
    pairs.finish(now);
    document.change = pairs.tell(now);
    return document;
}

}  // namespace nocturne::gateway
