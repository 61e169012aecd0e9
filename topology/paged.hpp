// Paged: an array that a reader can keep as it stood while its owner goes on changing it.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace nocturne::topology {

// Counts who holds a T. Unlike std::shared_ptr it can tell for sure that nobody else does: the
// count is read with acquire, after which what a former holder read may be written.
template <typename T>
class Held {
   public:
    Held() = default;

    explicit Held(T* fresh) : held_(fresh) {}

    Held(const Held& other) : held_(other.held_) {
        if (held_ != nullptr) {
            held_->holders.fetch_add(1, std::memory_order_relaxed);
        }
    }

    Held(Held&& other) noexcept : held_(std::exchange(other.held_, nullptr)) {}

    Held& operator=(Held other) noexcept {
        std::swap(held_, other.held_);
        return *this;
    }

    ~Held() {
        if (held_ != nullptr && held_->holders.fetch_sub(1, std::memory_order_acq_rel) == 1) {
            delete held_;
        }
    }

    const T* operator->() const { return held_; }

    bool is_set() const { return held_ != nullptr; }

    // For writing: a copy of its own if somebody else holds this one.
    T& own() {
        if (held_ == nullptr) {
            held_ = new T();
        } else if (held_->holders.load(std::memory_order_acquire) != 1) {
            *this = Held(new T(*held_));
        }
        return *held_;
    }

   private:
    T* held_ = nullptr;
};

// A tree of three levels. Copying it copies one pointer; changing an element afterwards copies the
// page it is in, and the two nodes above. Readers of a copy on other threads are never disturbed.
template <typename T, std::size_t kItems>
class Paged {
   public:
    std::size_t size() const { return size_; }

    const T& operator[](std::size_t i) const {
        return root_->folders[i / (kItems * kPages)]->pages[i / kItems % kPages]->items[i % kItems];
    }

    T& edit(std::size_t i) {
        Held<Folder>& folder = root_.own().folders[i / (kItems * kPages)];
        return folder.own().pages[i / kItems % kPages].own().items[i % kItems];
    }

    // Adds a default element; returns its place.
    std::size_t add() {
        const std::size_t place = size_++;
        Root& root = root_.own();
        if (place % (kItems * kPages) == 0) {
            root.folders.emplace_back();
        }
        root.folders.back().own().pages[place / kItems % kPages].own();
        return place;
    }

    std::size_t bytes() const {
        return (size_ + kItems - 1) / kItems * sizeof(Page) +
               (size_ + kItems * kPages - 1) / (kItems * kPages) * sizeof(Folder);
    }

   private:
    static constexpr std::size_t kPages = 128;

    struct Counted {
        std::atomic<std::uint32_t> holders{1};

        Counted() = default;

        Counted(const Counted&) {}  // a copy begins with one holder

        Counted& operator=(const Counted&) = delete;
    };

    struct Page : Counted {
        std::array<T, kItems> items{};
    };

    struct Folder : Counted {
        std::array<Held<Page>, kPages> pages;
    };

    struct Root : Counted {
        std::vector<Held<Folder>> folders;
    };

    Held<Root> root_;
    std::size_t size_ = 0;
};

}  // namespace nocturne::topology
