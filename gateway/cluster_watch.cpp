#include "gateway/cluster_watch.hpp"

#include "gateway/http_client.hpp"
#include "gateway/topology_pull.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <cctype>
#include <memory>
#include <string_view>
#include <thread>

namespace nocturne::gateway {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kStep{200};  // between two looks at is_over

// How each event of a watch begins. A server that knows no watches answers with the whole list,
// which begins otherwise.
constexpr std::string_view kEvent = R"({"type")";

// Set by the first event that a server sends with status 200. An expired version comes as an event
// as well, and is answered by a new round just the same.
struct Heard {
    CURL* curl = nullptr;
    bool* is_changed = nullptr;
    std::string beginning;  // without white space, as far as kEvent is long
};

std::size_t hear(char* bytes, std::size_t size, std::size_t count, void* context) {
    Heard& heard = *static_cast<Heard*>(context);
    for (std::size_t i = 0; i < size * count && heard.beginning.size() < kEvent.size(); ++i) {
        if (std::isspace(static_cast<unsigned char>(bytes[i])) == 0) {
            heard.beginning += bytes[i];
        }
    }
    long status = 0;
    curl_easy_getinfo(heard.curl, CURLINFO_RESPONSE_CODE, &status);
    *heard.is_changed |= status == 200 && heard.beginning == kEvent;
    return heard.beginning == kEvent.substr(0, heard.beginning.size()) ? size * count : 0;
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
        heard_.reserve(lists.size());
        for (const WatchedList& list : lists) {
            add(source, base + list.path + "?watch=1&resourceVersion=" + url_encode(list.version) +
                            "&timeoutSeconds=" + std::to_string(seconds));
        }
    }

    ~Watch() {
        for (const Heard& heard : heard_) {
            curl_multi_remove_handle(all_.get(), heard.curl);
            curl_easy_cleanup(heard.curl);
        }
    }

    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

    // False: nobody watches any more.
    bool step(std::chrono::milliseconds at_most) {
        int running = 0;
        curl_multi_perform(all_.get(), &running);
        if (running > 0 && !is_changed_) {
            curl_multi_poll(all_.get(), nullptr, 0, static_cast<int>(at_most.count()), nullptr);
        }
        return running > 0;
    }

    bool is_changed() const { return is_changed_; }

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
        Heard& heard = heard_.emplace_back(Heard{curl, &is_changed_, {}});
        curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
        curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
        curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS,
                         static_cast<long>(source.timeout.count()));
        curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, hear);
        curl_easy_setopt(curl, CURLOPT_WRITEDATA, &heard);
        curl_easy_setopt(curl, CURLOPT_USERAGENT, "nocturne");
        if (headers_) {
            curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers_.get());
        }
        if (!source.ca_file.empty()) {
            curl_easy_setopt(curl, CURLOPT_CAINFO, source.ca_file.c_str());
        }
        curl_multi_add_handle(all_.get(), curl);
    }

    std::unique_ptr<CURLM, Free> all_;
    std::unique_ptr<curl_slist, Free> headers_;
    std::vector<Heard> heard_;  // its places stay: libcurl points at them
    bool is_changed_ = false;
};

}  // namespace

bool wait_for_change(const rules::TopologySource& source, const std::vector<WatchedList>& lists,
                     std::chrono::milliseconds at_most, const std::function<bool()>& is_over) {
    const Clock::time_point end = Clock::now() + at_most;
    Watch watch(source, lists, at_most);
    bool is_watched = !lists.empty();
    while (!watch.is_changed() && Clock::now() < end && !is_over()) {
        if (is_watched) {
            is_watched = watch.step(kStep);
        } else {
            std::this_thread::sleep_for(kStep);
        }
    }
    return watch.is_changed();
}

}  // namespace nocturne::gateway
