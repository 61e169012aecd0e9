// The few fields of an OTLP request that the graph needs, read off the protobuf wire format.
// https://protobuf.dev/programming-guides/encoding, opentelemetry/proto/trace/v1/trace.proto
#include "gateway/span_attributes.hpp"
#include "gateway/span_pairs.hpp"

#include <cstdint>

namespace nocturne::gateway {

namespace {

// The fields of one message. After the first malformed one it stays failed.
class Fields {
   public:
    explicit Fields(std::string_view message) : rest_(message) {}

    std::uint64_t number = 0;  // of the field
    std::uint64_t value = 0;   // of a varint
    std::string_view bytes;    // of what has a length

    bool next() {
        if (rest_.empty()) {
            return false;
        }
        const std::uint64_t tag = varint();
        number = tag >> 3;
        value = 0;
        bytes = {};
        switch (tag & 7) {
            case 0: value = varint(); break;
            case 1: skip(8); break;
            case 2: bytes = take(varint()); break;
            case 5: skip(4); break;
            default: ok_ = false;  // groups are of proto2, and long gone
        }
        return ok_;
    }

    bool ok() const { return ok_; }

   private:
    std::uint64_t varint() {
        std::uint64_t result = 0;
        for (unsigned shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
            const auto byte = static_cast<unsigned char>(rest_.front());
            rest_.remove_prefix(1);
            result |= std::uint64_t{byte & 0x7FU} << shift;
            if ((byte & 0x80U) == 0) {
                return result;
            }
        }
        ok_ = false;
        return 0;
    }

    std::string_view take(std::uint64_t size) {
        if (size > rest_.size()) {
            ok_ = false;
            rest_ = {};
            return {};
        }
        const std::string_view taken = rest_.substr(0, size);
        rest_.remove_prefix(size);
        return taken;
    }

    void skip(std::uint64_t size) { (void)take(size); }

    std::string_view rest_;
    bool ok_ = true;
};

class Decoder {
   public:
    Result<SpanBatch> decode(std::string_view bytes) {
        each(bytes, 1, [&](std::string_view group) { take_group(group); });
        if (!is_good_) {
            return fail(ErrorCode::Invalid,
                        "not an OTLP request in protobuf: a field does not decode");
        }
        return std::move(batch_);
    }

   private:
    template <typename Visit>
    void each(std::string_view message, std::uint64_t number, Visit visit) {
        Fields fields(message);
        while (fields.next()) {
            if (fields.number == number) {
                visit(fields.bytes);
            }
        }
        is_good_ = is_good_ && fields.ok();
    }

    // KeyValue {1 key, 2 AnyValue {1 string_value}}: only texts tell names.
    template <typename Take>
    void attribute(std::string_view message, Take take) {
        std::string_view key;
        std::string_view text;
        each(message, 1, [&](std::string_view bytes) { key = bytes; });
        each(message, 2, [&](std::string_view any) {
            each(any, 1, [&](std::string_view bytes) { text = bytes; });
        });
        if (!text.empty()) {
            take(key, text);
        }
    }

    // ResourceSpans {1 resource {1 attributes}, 2 scope_spans {2 spans}}
    void take_group(std::string_view group) {
        SpanResource resource;
        each(group, 1, [&](std::string_view message) {
            each(message, 1, [&](std::string_view bytes) {
                attribute(bytes, [&](std::string_view key, std::string_view value) {
                    resource.take(key, value);
                });
            });
        });
        each(group, 2, [&](std::string_view scope) {
            each(scope, 2, [&](std::string_view span) { take_span(span, resource); });
        });
    }

    // Span {1 trace_id, 2 span_id, 4 parent_span_id, 6 kind, 9 attributes}
    void take_span(std::string_view message, const SpanResource& resource) {
        Span span;
        Fields fields(message);
        while (fields.next()) {
            switch (fields.number) {
                case 1: span.trace_id = fields.bytes; break;
                case 2: span.span_id = fields.bytes; break;
                case 4: span.parent_id = fields.bytes; break;
                case 6:
                    span.kind = fields.value <= 5 ? static_cast<Span::Kind>(fields.value)
                                                  : Span::Kind::Unspecified;
                    break;
                case 9:
                    attribute(fields.bytes, [&](std::string_view key, std::string_view value) {
                        take_attribute(span, key, value);
                    });
                    break;
                default: break;
            }
        }
        is_good_ = is_good_ && fields.ok();
        resource.give(span);
        const char* error = span.trace_id.size() != 16  ? "trace_id has not 16 bytes"
                            : span.span_id.size() != 8  ? "span_id has not 8 bytes"
                            : span.parent_id.size() % 8 ? "parent_span_id has not 8 bytes"
                            : span.service.empty()      ? "its resource has no service.name"
                                                        : nullptr;
        if (error == nullptr) {
            batch_.spans.push_back(std::move(span));
        } else if (batch_.rejected++ == 0) {
            batch_.first_error = error;
        }
    }

    SpanBatch batch_;
    bool is_good_ = true;
};

}  // namespace

Result<SpanBatch> decode_spans_protobuf(std::string_view bytes) {
    return Decoder().decode(bytes);
}

}  // namespace nocturne::gateway
