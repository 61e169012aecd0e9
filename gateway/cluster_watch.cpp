#include "gateway/cluster_watch.hpp"

#include "gateway/http_client.hpp"
#include "gateway/topology_pull.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <cctype>
#include <memory>
#include <string_view>

namespace nocturne::gateway {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kStep{200};  // between two looks at is_over

// How each event of a watch begins. A server that knows no watches answers with the whole list,
// which begins otherwise.
constexpr std::string_view kEvent = R"({"type")";

// A watch that a server lets go is taken up again after a pause, that doubles up to the longest.
constexpr std::chrono::milliseconds kPauseMin{1000};
constexpr std::chrono::milliseconds kPauseMax{30'000};

// One list, listened to. The first event that a server sends with status 200 is a change; an
// expired version comes as an event as well, and is answered by a new round just the same.
struct Ear {
    CURL* curl = nullptr;
    std::string beginning{};  // of the answer, without white space, as far as kEvent is long
    bool is_changed = false;
    bool is_listening = false;
    bool is_refused = false;  // this server does not watch: asked no more
    std::chrono::milliseconds pause = kPauseMin;
    Clock::time_point again{};

    long status() const {
        long status = 0;
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
        return status;
    }

    bool is_event_so_far() const { return kEvent.starts_with(beginning); }
};

std::size_t hear(char* bytes, std::size_t size, std::size_t count, void* context) {
    Ear& ear = *static_cast<Ear*>(context);
    for (std::size_t i = 0; i < size * count && ear.beginning.size() < kEvent.size(); ++i) {
        if (std::isspace(static_cast<unsigned char>(bytes[i])) == 0) {
            ear.beginning += bytes[i];
        }
    }
    ear.is_changed |= ear.status() == 200 && ear.beginning == kEvent;
    return ear.is_event_so_far() ? size * count : 0;
}

class Watch {
   public:
    Watch(const rules::TopologySource& source, const std::vector<WatchedList>& lists,
          std::chrono::milliseconds at_most)
        : all_(curl_multi_init()) {
        if (const Result<std::string> header = authorization_of(source);
            header && !header->empty()) {
            headers_.reset(curl_slist_append(nullptr, header->c_str()));
        }
        std::string base = source.url;
        base.erase(base.find_last_not_of('/') + 1);
        const auto seconds = std::max<long>(1, static_cast<long>(at_most.count() / 1000));
        ears_.reserve(lists.size());
        for (const WatchedList& list : lists) {
            add(source, base + list.path + "?watch=1&resourceVersion=" + url_encode(list.version) +
                            "&timeoutSeconds=" + std::to_string(seconds));
        }
    }

    ~Watch() {
        for (const Ear& ear : ears_) {
            curl_multi_remove_handle(all_.get(), ear.curl);
            curl_easy_cleanup(ear.curl);
        }
    }

    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

    // Listens for so long, or until something changes.
    void step(std::chrono::milliseconds at_most) {
        const Clock::time_point now = Clock::now();
        for (Ear& ear : ears_) {
            if (!ear.is_listening && !ear.is_refused && ear.again <= now) {
                ear.beginning.clear();
                ear.is_listening = curl_multi_add_handle(all_.get(), ear.curl) == CURLM_OK;
            }
        }
        int running = 0;
        curl_multi_perform(all_.get(), &running);
        take_the_ended();
        if (!is_changed()) {
            curl_multi_poll(all_.get(), nullptr, 0, static_cast<int>(at_most.count()), nullptr);
        }
    }

    bool is_changed() const {
        return std::ranges::any_of(ears_, [](const Ear& ear) { return ear.is_changed; });
    }

   private:
    struct Free {
        void operator()(CURLM* all) const { curl_multi_cleanup(all); }

        void operator()(curl_slist* list) const { curl_slist_free_all(list); }
    };

    void add(const rules::TopologySource& source, const std::string& url) {
        CURL* curl = curl_easy_init();
        if (curl == nullptr) {
            return;
        }
        Ear& ear = ears_.emplace_back(Ear{curl});
        curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
        curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
        curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS,
                         static_cast<long>(source.timeout.count()));
        curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, hear);
        curl_easy_setopt(curl, CURLOPT_WRITEDATA, &ear);
        curl_easy_setopt(curl, CURLOPT_PRIVATE, &ear);
        curl_easy_setopt(curl, CURLOPT_USERAGENT, "nocturne");
        if (headers_) {
            curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers_.get());
        }
        if (!source.ca_file.empty()) {
            curl_easy_setopt(curl, CURLOPT_CAINFO, source.ca_file.c_str());
        }
    }

    void take_the_ended() {
        int left = 0;
        while (const CURLMsg* message = curl_multi_info_read(all_.get(), &left)) {
            if (message->msg != CURLMSG_DONE) {
                continue;
            }
            Ear* ear = nullptr;
            curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &ear);
            const long status = ear->status();
            // 0: it was never heard; a server that is too busy may be well again soon.
            const bool is_unwell = status == 0 || status == 429 || status >= 500;
            curl_multi_remove_handle(all_.get(), ear->curl);
            ear->is_listening = false;
            ear->is_refused = !is_unwell && (status != 200 || !ear->is_event_so_far());
            ear->again = Clock::now() + ear->pause;
            ear->pause = std::min(ear->pause * 2, kPauseMax);
        }
    }

    std::unique_ptr<CURLM, Free> all_;
    std::unique_ptr<curl_slist, Free> headers_;
    std::vector<Ear> ears_;  // its places stay: libcurl points at them
};

}  // namespace

bool wait_for_change(const rules::TopologySource& source, const std::vector<WatchedList>& lists,
                     std::chrono::milliseconds at_most, const std::function<bool()>& is_over) {
    const Clock::time_point end = Clock::now() + at_most;
    Watch watch(source, lists, at_most);
    while (!watch.is_changed() && Clock::now() < end && !is_over()) {
        watch.step(kStep);
    }
    return watch.is_changed();
}

}  // namespace nocturne::gateway
