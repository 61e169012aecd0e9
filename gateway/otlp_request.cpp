#include "gateway/otlp_request.hpp"

#include "gateway/span_pairs.hpp"
#include "gateway/topology_feed.hpp"
#include "model/json_writer.hpp"

#include <zlib.h>

#include <optional>
#include <string>

namespace nocturne::gateway {

namespace {

constexpr std::size_t kUnpackedBytesMax = 64U << 20;  // what the specification advises
constexpr std::string_view kProtobuf = "application/x-protobuf";
constexpr std::string_view kJson = "application/json";

// Nothing when it is no gzip, or unpacks to more than the limit.
std::optional<std::string> unpack(std::string_view packed) {
    z_stream stream{};
    constexpr int kGzipOrZlib = 15 + 32;
    if (inflateInit2(&stream, kGzipOrZlib) != Z_OK) {
        return std::nullopt;
    }
    std::string text;
    // zlib's interface is older than const.
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
    stream.avail_in = static_cast<uInt>(packed.size());
    int state = Z_OK;
    while (state == Z_OK && text.size() < kUnpackedBytesMax) {
        constexpr std::size_t kStep = 256 * 1024;
        const std::size_t before = text.size();
        text.resize(before + kStep);
        stream.next_out = reinterpret_cast<Bytef*>(text.data() + before);
        stream.avail_out = kStep;
        state = inflate(&stream, Z_NO_FLUSH);
        text.resize(before + kStep - stream.avail_out);
    }
    inflateEnd(&stream);
    return state == Z_STREAM_END ? std::optional(std::move(text)) : std::nullopt;
}

void append_varint(std::string& out, std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) {
        out += static_cast<char>(value | 0x80);
    }
    out += static_cast<char>(value);
}

// ExportTraceServiceResponse {1 partial_success {1 rejected_spans, 2 error_message}}
std::string answer_in_protobuf(const SpanBatch& batch) {
    if (batch.rejected == 0) {
        return {};
    }
    std::string partial = "\x08";
    append_varint(partial, batch.rejected);
    partial += '\x12';
    append_varint(partial, batch.first_error.size());
    partial += batch.first_error;
    std::string out = "\x0A";
    append_varint(out, partial.size());
    return out + partial;
}

std::string answer_in_json(const SpanBatch& batch) {
    model::JsonWriter out;
    out.begin_object();
    if (batch.rejected > 0) {
        out.key("partialSuccess").begin_object();
        out.member("rejectedSpans", std::to_string(batch.rejected));  // 64 bits are texts in OTLP
        out.member("errorMessage", batch.first_error).end_object();
    }
    out.end_object();
    return out.take();
}

}  // namespace

HttpResponse take_otlp_request(const HttpRequest& request, TopologyFeed& feed) {
    const bool is_protobuf = request.media_type.starts_with(kProtobuf);
    if (!is_protobuf && !request.media_type.starts_with(kJson) && !request.media_type.empty()) {
        return error_response(415, "expected application/x-protobuf or application/json");
    }
    std::string unpacked;
    std::string_view body = request.body;
    if (request.content_encoding == "gzip" || request.content_encoding == "deflate") {
        std::optional<std::string> text = unpack(body);
        if (!text) {
            return error_response(
                400, "the body does not unpack, or is longer than 64 MiB when unpacked");
        }
        body = unpacked = *std::move(text);
    } else if (!request.content_encoding.empty() && request.content_encoding != "identity") {
        return error_response(415, "expected Content-Encoding gzip, or none");
    }
    const Result<SpanBatch> batch =
        is_protobuf ? decode_spans_protobuf(body) : decode_spans_json(body);
    if (!batch) {
        return error_response(400, batch.error().message);
    }
    feed.take(*batch);
    HttpResponse response;
    response.content_type = is_protobuf ? kProtobuf : kJson;
    response.body = is_protobuf ? answer_in_protobuf(*batch) : answer_in_json(*batch);
    return response;
}

}  // namespace nocturne::gateway
