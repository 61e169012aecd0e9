#include "plugins/event_text.hpp"

#include "model/json_writer.hpp"
#include "plugins/plugin.hpp"

#include <algorithm>

namespace nocturne::plugins {

namespace {

void write_annotations(model::JsonWriter& out, const model::EventView& event) {
    using Type = model::AnnotationView::Type;
    const auto is_shown = [](const model::AnnotationView& annotation) {
        return annotation.name != kDepthAnnotation;
    };
    if (std::none_of(event.annotations.begin(), event.annotations.end(), is_shown)) {
        return;
    }
    out.key("annotations").begin_object();
    for (const model::AnnotationView& annotation : event.annotations) {
        if (!is_shown(annotation)) {
            continue;
        }
        out.key(annotation.name);
        if (annotation.type == Type::Text) {
            out.text(annotation.value);
        } else {
            out.raw(annotation.value);
        }
    }
    out.end_object();
}

}  // namespace

std::string json_of(const model::EventView& event) {
    model::JsonWriter out;
    out.begin_object();
    if (event.time != model::kNoTime) {
        out.member("time", event.time);
    }
    const auto text = [&](const char* key, std::string_view value) {
        if (!value.empty()) {
            out.member(key, value);
        }
    };
    text("source", event.source);
    text("id", event.id);
    text("kind", model::name_of(event.kind));
    text("resource", event.resource);
    text("check", event.check);
    text("status", model::name_of(event.status));
    text("severity", model::name_of(event.severity));
    text("summary", event.summary);
    if (event.has_value) {
        out.member("value", event.value);
    }
    if (!event.labels.empty()) {
        out.key("labels").begin_object();
        for (const model::LabelView& label : event.labels) {
            out.member(label.name, label.value);
        }
        out.end_object();
    }
    write_annotations(out, event);
    out.end_object();
    return out.take();
}

}  // namespace nocturne::plugins
